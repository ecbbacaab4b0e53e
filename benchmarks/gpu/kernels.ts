// What the GPU plans measure, by the names that rows have. Each is a module that the worker loads by its path.

/** BabelStream's operations; of one name with what PyTorch does beside them. */
export const stream = {
  copy: new URL('./stream-copy.ts', import.meta.url),
  mul: new URL('./stream-mul.ts', import.meta.url),
  add: new URL('./stream-add.ts', import.meta.url),
  triad: new URL('./stream-triad.ts', import.meta.url),
  dot: new URL('./stream-dot.ts', import.meta.url),
} as const

export const aggregates = {
  reduction: new URL('./reduce.ts', import.meta.url),
  scan: new URL('./scan.ts', import.meta.url),
} as const

export const transfers = {
  upload: new URL('./upload.ts', import.meta.url),
  download: new URL('./download.ts', import.meta.url),
  'device-copy': new URL('./buffer-copy.ts', import.meta.url),
} as const

export const latencies = {
  submit: new URL('./latency-submit.ts', import.meta.url),
  dispatch: new URL('./latency-dispatch.ts', import.meta.url),
  'round trip': new URL('./latency-round-trip.ts', import.meta.url),
} as const

export const atomics = {
  contended: new URL('./atomics-contended.ts', import.meta.url),
  spread: new URL('./atomics-spread.ts', import.meta.url),
} as const

/** The names of a table, for a measure's variants. */
export function namesOf<const T extends Readonly<Record<string, URL>>>(kernels: T): readonly (keyof T & string)[] {
  return Object.keys(kernels)
}

/** What multiplies and adds. */
interface Arithmetic {
  readonly name: string
  readonly kernel: URL
  /** What its size is of: square matrices by their edge, or invocations. */
  readonly size: 'edge' | 'invocations'
  /** WebGPU's features without which it cannot run. */
  readonly needs: readonly string[]
  /** What is published of cards of its kind, and the share of that it should reach. */
  readonly peak: { readonly figure: 'fp32' | 'f16'; readonly share: number } | undefined
  /** Which share of what PyTorch does with cuBLAS it should reach; undefined where that has nothing of the kind. */
  readonly cublas: number | undefined
}

const f16 = ['shader-f16']
const matrices = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']

export const arithmetic: readonly Arithmetic[] = [
  {
    ...{ name: 'fma-f32', kernel: new URL('./fma-f32.ts', import.meta.url), size: 'invocations', needs: [] },
    ...{ peak: { figure: 'fp32', share: 0.85 }, cublas: undefined },
  },
  {
    ...{ name: 'fma-f16', kernel: new URL('./fma-f16.ts', import.meta.url), size: 'invocations', needs: f16 },
    ...{ peak: undefined, cublas: undefined },
  },
  {
    ...{ name: 'gemm-f32', kernel: new URL('./gemm-f32.ts', import.meta.url), size: 'edge', needs: [] },
    ...{ peak: undefined, cublas: 0.6 },
  },
  {
    ...{ name: 'gemm-f16', kernel: new URL('./gemm-f16.ts', import.meta.url), size: 'edge', needs: [] },
    ...{ peak: undefined, cublas: undefined },
  },
  {
    ...{ name: 'gemm-f16-matrix', kernel: new URL('./gemm-f16-matrix.ts', import.meta.url), size: 'edge' },
    ...{ needs: matrices, peak: { figure: 'f16', share: 0.2 }, cublas: 0.3 },
  },
]

const small = (kernels: Readonly<Record<string, URL>>, size: number) =>
  Object.values(kernels).map((kernel) => ({ kernel, size, needs: [] }))

/** All of them, at odd sizes that take no time to speak of. */
export const smallKernels = [
  ...small({ ...stream, ...aggregates, ...transfers }, 10_007),
  ...arithmetic.map(({ kernel, needs, size }) => ({ kernel, size: size === 'edge' ? 33 : 64, needs })),
  ...small(latencies, 3),
  ...small(atomics, 4096),
]
