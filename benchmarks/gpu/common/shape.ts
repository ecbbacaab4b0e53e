import type { Tuning } from '../../../tasks/gpu/kernel.ts'

/** How a kernel over an array is cut: invocations of a workgroup, elements of a vector, vectors of an invocation. */
export interface Shape {
  readonly workgroup: number
  readonly vector: number
  readonly each: number
}

/** Vectors in every workgroup; single elements, which seldom win, only in the first. */
export function shapes(workgroups: readonly number[], each: readonly number[]): readonly Tuning[] {
  const all = (vector: number, workgroups: readonly number[]) =>
    workgroups.flatMap((workgroup) => each.map((each) => ({ workgroup, vector, each })))
  return [...all(4, workgroups), ...all(1, workgroups.slice(0, 1))]
}

export function shapeOf({ workgroup = 256, vector = 4, each = 4 }: Tuning): Shape {
  return { workgroup, vector, each }
}

/** Elements of a workgroup. */
export const blockOf = ({ workgroup, vector, each }: Shape): number => workgroup * vector * each

export const blocksOf = (size: number, shape: Shape): number => Math.ceil(size / blockOf(shape))

export const typeOf = ({ vector }: Shape): string => (vector === 1 ? 'f32' : `vec${vector}f`)

/** Lines of WGSL, written out as Tint does not unroll. */
export function unrolled(times: number, line: (at: number) => string): string {
  return Array.from({ length: times }, (_, at) => line(at)).join('\n')
}
