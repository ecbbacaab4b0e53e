import { reductionKernel } from './common/reduction.ts'

/** The sum of an array, of which each element must be read: 4 N bytes. */
export default reductionKernel({ name: 'reduce', from: ['a'], term: 'x', reference: (x) => x })
