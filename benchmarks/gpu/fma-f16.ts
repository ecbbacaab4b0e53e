import { fmaKernel } from './fma/chains.ts'

/** The peak of f16 outside the matrix units; 2²⁰ invocations keep a card busy for half a millisecond. */
export default fmaKernel('fma-f16', 16)
