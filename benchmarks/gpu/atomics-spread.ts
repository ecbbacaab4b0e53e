import { atomicsKernel } from './common/atomics.ts'

/** Additions spread over 65,536 addresses, neighbours beside each other. */
export default atomicsKernel('atomics-spread', (size) => Math.min(size, 65_536))
