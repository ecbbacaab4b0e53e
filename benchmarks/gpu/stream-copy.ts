import { streamKernel } from './common/stream.ts'

/** BabelStream's copy: c = a, 2 × 4 N bytes. */
export default streamKernel({ name: 'stream-copy', from: ['a'], to: 'c', expression: 'x', reference: (x) => x })
