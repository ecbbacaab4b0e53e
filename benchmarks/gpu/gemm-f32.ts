import { tiledKernel } from './gemm/tilings.ts'

/** C = A·B of n × n in f32, on the card's ordinary units. */
export default tiledKernel('gemm-f32', 32)
