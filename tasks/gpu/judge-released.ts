import { type Finding, holds, undecided } from '../../lib/index.ts'
import { nameOfKernel } from './kernel.ts'
import type { Bench } from './worker/bench.ts'

/** What was measured, on a GPU that may not be there. */
export type Released =
  | { readonly kind: 'absent'; readonly sentence: string }
  | ({ readonly kind: 'present' } & Pick<Bench, 'release'>)

/**
 * Whether what all samples of these kernels left behind is right: a wrong answer has no speed. Undecided of what was measured in an earlier
 * sitting of the run, or by a worker that has ended since.
 */
export async function judgeReleased(
  gpu: Released,
  kernels: readonly URL[],
  unchecked = false,
  /** Before each name. */
  whose = '',
): Promise<readonly Finding[]> {
  const all = gpu.kind === 'present' ? await gpu.release(kernels, unchecked) : []
  return kernels.map(nameOfKernel).flatMap((name): readonly Finding[] => {
    const found = all.filter(({ kernel }) => kernel === name)
    const finding = `${whose}${name} still computed right after its samples`
    if (found.length === 0)
      return [undecided(finding, 'it was measured before the run was resumed, or its worker has ended since')]
    const wrong = found.flatMap(({ wrong }) => wrong ?? [])
    return [holds(finding, wrong.length === 0, wrong.join('; '))]
  })
}
