import { scalar, streamKernel } from './common/stream.ts'

/** BabelStream's mul: b = s × c, 2 × 4 N bytes. */
export default streamKernel({
  name: 'stream-mul',
  from: ['c'],
  to: 'b',
  expression: `f32(${scalar}) * x`,
  reference: (x) => Math.fround(Math.fround(scalar) * x),
})
