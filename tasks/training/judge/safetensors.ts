import * as v from 'valibot'
import { Problem } from '../../../lib/index.ts'

/** One tensor of a safetensors file: its type, its shape, its bytes. */
export interface Tensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

const Entry = v.object({
  dtype: v.string(),
  shape: v.array(v.number()),
  data_offsets: v.tuple([v.number(), v.number()]),
})

/**
 * The tensors of a safetensors file by name: eight bytes of length, a header in JSON, then the bytes of all (format of the safetensors
 * library, little-endian). Throws a Problem naming `name` where it is none, or cut short.
 */
export function readTensors(file: Uint8Array, name = 'the weights'): ReadonlyMap<string, Tensor> {
  const broken = (found: string) =>
    new Problem(`Cannot read the tensors of ${name} as it must be a whole safetensors file: ${found}`)
  if (file.byteLength < 8) throw broken(`it has ${file.byteLength} bytes`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const start = 8 + Number(view.getBigUint64(0, true))
  if (start > file.byteLength) throw broken('its header is cut short')
  const header = parsed(new TextDecoder().decode(file.subarray(8, start)))
  if (header === undefined) throw broken('its header is no JSON')
  const tensors = new Map<string, Tensor>()
  for (const [key, value] of Object.entries(header)) {
    if (key === '__metadata__') continue
    const entry = v.safeParse(Entry, value)
    if (!entry.success) throw broken(`the entry of ${key} is not one of a tensor`)
    const { dtype, shape, data_offsets: offsets } = entry.output
    if (start + offsets[1] > file.byteLength) throw broken(`${key} is cut short`)
    tensors.set(key, { dtype, shape, bytes: file.subarray(start + offsets[0], start + offsets[1]) })
  }
  return tensors
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

export interface TensorDifference {
  /** Why they can't be compared at all: another set of tensors, types or shapes. */
  readonly shape?: string
  readonly count: number
  readonly of: number
  /** The name of the first that differs. */
  readonly first: string
  /** The largest difference of two numbers; infinite where it can't be told. */
  readonly most: number
}

/** How two files of weights differ: byte for byte first, then by how much. */
export function sameTensors(a: Uint8Array, b: Uint8Array): TensorDifference {
  const [left, right] = [readTensors(a), readTensors(b)]
  const of = left.size
  const other = { count: 0, of, first: '', most: 0 }
  const names = [...new Set([...left.keys(), ...right.keys()])].sort()
  let found = other
  for (const name of names) {
    const [one, two] = [left.get(name), right.get(name)]
    if (one === undefined || two === undefined)
      return { ...other, shape: `${name} is in one of them only`, most: Infinity }
    if (one.dtype !== two.dtype || String(one.shape) !== String(two.shape))
      return { ...other, shape: `${name} has another type or shape`, most: Infinity }
    if (Buffer.compare(one.bytes, two.bytes) === 0) continue
    const most = Math.max(found.most, largestDifference(one, two))
    found = { count: found.count + 1, of, first: found.first || name, most }
  }
  return found
}

const readers: Readonly<Record<string, { readonly size: number; read(view: DataView, at: number): number }>> = {
  F32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  F64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  I64: { size: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  I32: { size: 4, read: (view, at) => view.getInt32(at, true) },
  U8: { size: 1, read: (view, at) => view.getUint8(at) },
}

/** Of numbers whose type we cannot read there is only that they differ. */
function largestDifference(a: Tensor, b: Tensor): number {
  const reader = readers[a.dtype]
  if (reader === undefined || a.bytes.byteLength !== b.bytes.byteLength) return Infinity
  const view = ({ bytes }: Tensor) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [left, right] = [view(a), view(b)]
  let most = 0
  for (let at = 0; at + reader.size <= left.byteLength; at += reader.size) {
    const by = Math.abs(reader.read(left, at) - reader.read(right, at))
    if (Number.isNaN(by)) return Infinity
    most = Math.max(most, by)
  }
  return most
}
