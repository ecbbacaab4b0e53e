import { scalar, streamKernel } from './common/stream.ts'

const s = Math.fround(scalar)

/** BabelStream's triad: a = b + s × c, 3 × 4 N bytes. */
export default streamKernel({
  name: 'stream-triad',
  from: ['b', 'c'],
  to: 'a',
  expression: `x + f32(${scalar}) * y`,
  reference: (x, y) => Math.fround(x + Math.fround(s * y)),
  fused: (x, y) => Math.fround(x + s * y),
})
