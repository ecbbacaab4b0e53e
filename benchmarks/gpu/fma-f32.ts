import { fmaKernel } from './fma/chains.ts'

/** The peak of f32; 2²⁰ invocations keep a card busy for a millisecond. */
export default fmaKernel('fma-f32', 32)
