import { streamKernel } from './common/stream.ts'

/** BabelStream's add: c = a + b, 3 × 4 N bytes. */
export default streamKernel({
  name: 'stream-add',
  from: ['a', 'b'],
  to: 'c',
  expression: 'x + y',
  reference: (x, y) => Math.fround(x + y),
})
