/** What a kernel and those who measure it say to each other. Plain records: nothing of WebGPU's own types. */

/** What the device says of itself, as far as it matters to a kernel. */
export interface DeviceFacts {
  readonly name: string
  /** `software`: its numbers are the CPU's, and are never compared with a card's. */
  readonly kind: 'hardware' | 'software'
  readonly vendor: string
  readonly architecture: string
  /** Which of several cards it is, where that is told: WebGPU tells it of none. */
  readonly uuid?: string | undefined
  readonly driver: string
  readonly backend: string
  /** The features that the device was opened with, by WebGPU's names. */
  readonly features: readonly string[]
  /** Of the device as it was opened: all that the adapter grants. */
  readonly limits: Readonly<Record<string, number>>
  readonly subgroups: { readonly least: number; readonly most: number }
  readonly matrices: readonly MatrixConfig[]
}

/** A shape that the card multiplies at once (subgroup matrices, tensor cores): M × K by K × N. */
export interface MatrixConfig {
  readonly component: string
  readonly result: string
  readonly m: number
  readonly n: number
  readonly k: number
}

/** The choices of a kernel that change its speed and not its result: `{ workgroup: 256, vector: 4 }`. */
export type Tuning = Readonly<Record<string, number>>

/** A kernel of `benchmarks/gpu`: the default export of its module, which the worker is handed by its path. */
export interface Kernel {
  readonly name: string
  /** Features of WebGPU without which it cannot run: `shader-f16`. */
  readonly needs: readonly string[]
  /** What to try on this device, the best guess first; one where nothing is to choose. */
  tunings(size: number, device: DeviceFacts): readonly Tuning[]
  /** `size` is the kernel's own: elements of an array, the edge of a matrix. Throws a Problem for one it cannot do on this device. */
  prepare(size: number, tuning: Tuning, device: DeviceFacts): Prepared
}

export interface Prepared {
  readonly buffers: Readonly<Record<string, BufferSpec>>
  /** What one operation does, in this order; its time is that of all together. */
  readonly work: readonly Work[]
  /** Bytes that one operation has to move and FLOP that it has to do, by the formula that the kernel names. 0: not a figure of it. */
  readonly bytes: number
  readonly flop: number
  /** What else one operation counts: dispatches of a pass, atomic additions. 1 where it is just itself. */
  readonly count: number
  /**
   * What the buffers hold after `operations` operations, against a reference of the CPU's: undefined, or what is wrong in a few words.
   * Outputs were filled with NaN (0xFF bytes) before the first; `read` of a buffer that is downloaded gives what the host got of it.
   */
  check(read: (buffer: string) => Promise<ArrayBuffer>, operations: number): Promise<string | undefined>
}

/**
 * What is bound is longer by a guard, which shows a write past the end whether the device checks bounds or not: shaders have their sizes
 * written into them and do not ask `arrayLength()`.
 */
export interface BufferSpec {
  /** A multiple of 4. */
  readonly bytes: number
  /**
   * Fills it from the start, a piece at a time (pieces of some MiB); absent for an output, which is poisoned. Of a buffer that is uploaded to,
   * it is what the host holds, and the device's is poisoned. The same function always means the same content: it stays from tuning to tuning.
   */
  fill?(piece: ArrayBuffer, offset: number): void
}

export type Work =
  | {
      readonly kind: 'dispatch'
      readonly wgsl: string
      readonly entry: string
      /** Names of buffers, in the order of `@group(0) @binding(0…)`; whether the kernel writes to it. */
      readonly bindings: readonly { readonly buffer: string; readonly access: 'read' | 'write' }[]
      readonly groups: readonly [number, number, number]
      /** How often it is dispatched within one pass; 1 when absent. */
      readonly repeat?: number
    }
  /** From the host to the device by the queue, and from the device into mapped memory of the host and out of it. */
  | { readonly kind: 'upload'; readonly to: string; readonly bytes: number }
  | { readonly kind: 'download'; readonly from: string; readonly bytes: number }
  /** Buffer to buffer on the device. */
  | { readonly kind: 'copy'; readonly from: string; readonly to: string; readonly bytes: number }
  /** An empty command buffer, waited for. */
  | { readonly kind: 'submit' }

/** What a kernel, loaded and found right, does at its best tuning. */
export interface LoadedKernel {
  readonly tuning: Tuning
  /** What was tried, in seconds an operation; a tuning whose result was wrong or that did not compile is out, with the reason. */
  readonly search: readonly {
    readonly tuning: Tuning
    readonly seconds: number | undefined
    readonly refused?: string | undefined
  }[]
  readonly compileSeconds: number
  readonly bytes: number
  readonly flop: number
  readonly count: number
  /** What it holds of the device's memory. */
  readonly footprint: number
}

/** One sample: as many operations on end as the time asked for, per operation. */
export interface KernelSample {
  readonly operations: number
  /** By the device's timestamps; undefined where the work is the host's (transfers, submits) or the device has none. */
  readonly deviceSeconds: number | undefined
  readonly wallSeconds: number
}

/** What a kernel is called in logs and records: its module's name. */
export function nameOfKernel(kernel: URL): string {
  return decodeURIComponent(kernel.pathname.split('/').at(-1) ?? '').replace(/\.ts$/, '')
}
