import { reductionKernel } from './common/reduction.ts'

/** BabelStream's dot: sum = Σ a × b, 2 × 4 N bytes. */
export default reductionKernel({ name: 'stream-dot', from: ['a', 'b'], term: 'x * y', reference: (x, y) => x * y })
