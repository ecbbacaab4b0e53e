import { atomicsKernel } from './common/atomics.ts'

/** All additions to one address. */
export default atomicsKernel('atomics-contended', () => 1)
