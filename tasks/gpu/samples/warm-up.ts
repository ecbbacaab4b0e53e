import { type CleanContext, looksFile, lookWhile, type Watching } from './clean-sample.ts'
import { clockOf, marksOf } from './judge-looks.ts'
import { appendLooks } from './looks-csv.ts'

/** How the warm-up before the first sample ended. */
export interface WarmUp {
  readonly samples: number
  /** `bounded`: there were as many as there may be, and the clocks were still not steady. */
  readonly kind: 'steady' | 'bounded' | 'not watched'
  readonly because: string
}

/** Where the clocks can't be seen: what is compiled, allocated and cached on first use is over by then. */
const unwatched = 3

/** As many in a row as must agree, and by how much: the greatest clock over the least, beyond 1. */
const inRow = 3
const within = 0.01

/** What bounds it. */
const most = { samples: 20, milliseconds: 30_000 }

/** Takes samples that do not count until the SM clock is the same in three of them. */
export async function warmToSteadyClocks(
  take: () => Promise<unknown>,
  { telemetry, own }: Watching,
  context: CleanContext,
): Promise<WarmUp> {
  const clocks: number[] = []
  let began: number | undefined
  for (let n = 1; ; n++) {
    context.signal.throwIfAborted()
    if (telemetry.kind === 'none') {
      await take()
      if (n === unwatched) return told('not watched', n, telemetry.sentence)
      continue
    }
    const { looks, taken } = await lookWhile(take, telemetry)
    const [marks, sample] = [marksOf(looks, own()), 'warm-up']
    appendLooks(looksFile(context), { sample, attempt: n, looks, marks, fate: 'warm-up' }, context.log)
    if (taken.status === 'rejected') throw taken.reason
    const clock = clockOf(looks)
    if (clock !== undefined) clocks.push(clock)
    const last = clocks.slice(-inRow)
    const [low, high] = [Math.min(...last), Math.max(...last)]
    if (last.length === inRow && high <= low * (1 + within))
      return told('steady', n, `the SM clock was ${low === high ? low : `${low} to ${high}`} MHz in the last ${inRow}`)
    if (n >= unwatched && clocks.length === 0) return told('not watched', n, 'the SM clock is not told')
    const now = [...looks.after, ...looks.during].at(-1)?.at ?? 0
    began ??= looks.before[0]?.at ?? now
    if (n === most.samples || now - began >= most.milliseconds)
      return told('bounded', n, `the SM clock was ${last.join(', ')} MHz in the last ${last.length}`)
  }

  function told(kind: WarmUp['kind'], samples: number, because: string): WarmUp {
    const rest = kind === 'bounded' ? ', and is still not steady' : ''
    context.log(`warmed up by ${samples} samples: ${because}${rest}`)
    return { samples, kind, because }
  }
}
