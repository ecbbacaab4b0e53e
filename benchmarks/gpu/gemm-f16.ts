import { tiledKernel } from './gemm/tilings.ts'

/** C = A·B of n × n with A and B in f16, multiplied and added up in f32 on the card's ordinary units: what f16 saves is the way from memory. */
export default tiledKernel('gemm-f16', 16)
