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
  /** WebGPU's features without which it cannot run. */
  readonly needs: readonly string[]
  /** What of it is published of cards, and which share of that it should reach. */
  readonly figure: 'fp32' | 'f16' | undefined
  readonly share: number
  /** Which share of what cuBLAS does it should reach; undefined where PyTorch has nothing of the kind. */
  readonly cublas: number | undefined
}

const f16 = ['shader-f16']
const matrix = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']

export const compute: readonly Arithmetic[] = [
  {
    name: 'gemm-f32',
    kernel: new URL('./gemm-f32.ts', import.meta.url),
    needs: [],
    figure: undefined,
    share: 0,
    cublas: 0.6,
  },
  {
    name: 'gemm-f16',
    kernel: new URL('./gemm-f16.ts', import.meta.url),
    needs: f16,
    figure: undefined,
    share: 0,
    cublas: undefined,
  },
]

const small = (kernels: Readonly<Record<string, URL>>, size: number) =>
  Object.values(kernels).map((kernel) => ({ kernel, size, needs: [] }))

/** All of them, at odd sizes that take no time to speak of. */
export const smallKernels = [
  ...small({ ...stream, ...aggregates, ...transfers }, 10_007),
  ...compute.map(({ kernel, needs }) => ({ kernel, size: 33, needs })),
  ...small(latencies, 3),
  ...small(atomics, 4096),
]
