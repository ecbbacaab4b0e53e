import { cannot } from '../../../lib/index.ts'
import type { BufferSpec, Prepared } from '../kernel.ts'
import { type Room, scoped } from './room.ts'

/**
 * Behind each buffer lies a piece that nobody may write to. It is bound with it, or the clamps of WebGPU would turn a write past the end into
 * one to the last element, which may well be right.
 */
const guard = 1 << 16
const piece = 1 << 24
/** So much may wait in the queue's own memory before the device is waited for. */
const waiting = 1 << 28

export interface Buffers {
  readonly footprint: number
  of(name: string): GPUBuffer
  read(name: string): Promise<ArrayBuffer>
  /** A buffer that was written to behind its end. */
  overrun(): Promise<string | undefined>
}

/** The buffers of one kernel, kept from one tuning to the next where they are the same. */
export interface BufferPool {
  hold(prepared: Prepared): Promise<Buffers>
  free(): Promise<void>
}

interface Held {
  readonly buffer: GPUBuffer
  readonly bytes: number
  /** The byte that its guard is made of: each buffer's own, or copying one guard onto another would not show. */
  readonly mark: number
  /** What it holds: of this function, as long as no kernel wrote to it. */
  content: BufferSpec['fill'] | 'written'
}

export function bufferPool(room: Room): BufferPool {
  const pool = new Map<string, Held>()
  let marks = 0
  const made = async (name: string, bytes: number): Promise<Held> => {
    marks = (marks % 250) + 1
    return { buffer: await create(room, name, bytes), bytes, mark: marks, content: 'written' }
  }
  return {
    async hold(prepared) {
      const specs = Object.entries(prepared.buffers)
      const stale = [...pool].filter(([name, { bytes }]) => prepared.buffers[name]?.bytes !== bytes)
      await drop(room, pool, stale)
      const [written, uploaded] = [writtenBy(prepared), uploadedBy(prepared)]
      for (const [name, { bytes, fill }] of specs) {
        const held = pool.get(name) ?? (await made(name, bytes))
        pool.set(name, held)
        const content = uploaded.has(name) ? undefined : fill
        if (content === undefined || held.content !== content) await fillWhole(room, held, content)
        held.content = written.has(name) ? 'written' : content
      }
      return heldBuffers(room, pool, written)
    },
    free: () => drop(room, pool, [...pool]),
  }
}

function heldBuffers(room: Room, pool: ReadonlyMap<string, Held>, written: ReadonlySet<string>): Buffers {
  const held = (name: string): Held => {
    const found = pool.get(name)
    if (found === undefined) throw cannot('run the kernel', 'buffer', `one of ${[...pool.keys()].join(', ')}`, name)
    return found
  }
  return {
    footprint: [...pool.values()].reduce((sum, { bytes }) => sum + bytes + guard, 0),
    of: (name) => held(name).buffer,
    read: (name) => readBack(room, held(name).buffer, 0, held(name).bytes),
    async overrun() {
      for (const name of written) {
        const { buffer, bytes, mark } = held(name)
        const at = new Uint8Array(await readBack(room, buffer, bytes, guard)).findIndex((byte) => byte !== mark)
        if (at >= 0) return `it writes past the end of '${name}', at byte ${bytes + at} of ${bytes}`
      }
      return undefined
    },
  }
}

async function create(room: Room, name: string, bytes: number): Promise<GPUBuffer> {
  if (bytes % 4 !== 0) throw cannot('run the kernel', `bytes of buffer ${name}`, 'a multiple of 4', bytes)
  const { maxBufferSize: whole = 0, maxStorageBufferBindingSize: bound = 0 } = room.facts.limits
  const most = Math.min(whole, bound) - guard
  const next = 'Choose a smaller size'
  if (bytes > most) throw cannot('run the kernel', `bytes of buffer ${name}`, `at most ${most}`, bytes, next)
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  return scoped(room.device, () => room.device.createBuffer({ label: name, size: bytes + guard, usage }))
}

/** Its content, or 0xFF where there is none (as floats, NaN), and its guard. */
async function fillWhole(room: Room, { buffer, bytes, mark }: Held, content: BufferSpec['fill']) {
  await write(room, buffer, 0, bytes, content ?? poison)
  await write(room, buffer, bytes, guard, allOf(mark))
}

const allOf = (byte: number) => (data: ArrayBuffer) => {
  new Uint8Array(data).fill(byte)
}
const poison = allOf(0xff)

async function write(
  { device }: Room,
  buffer: GPUBuffer,
  from: number,
  bytes: number,
  fill: (data: ArrayBuffer, offset: number) => void,
) {
  const whole = new ArrayBuffer(Math.min(piece, bytes))
  for (let offset = 0; offset < bytes; offset += piece) {
    const length = Math.min(piece, bytes - offset)
    const data = length === whole.byteLength ? whole : new ArrayBuffer(length)
    fill(data, offset)
    device.queue.writeBuffer(buffer, from + offset, data)
    if ((offset + length) % waiting === 0) await settled(device)
  }
  await settled(device)
}

export async function readBack({ device }: Room, buffer: GPUBuffer, from: number, bytes: number): Promise<ArrayBuffer> {
  const whole = new Uint8Array(bytes)
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  const staging = await scoped(device, () => device.createBuffer({ size: Math.min(piece, bytes), usage }))
  for (let offset = 0; offset < bytes; offset += piece) {
    const length = Math.min(piece, bytes - offset)
    await scoped(device, async () => {
      const encoder = device.createCommandEncoder()
      encoder.copyBufferToBuffer(buffer, from + offset, staging, 0, length)
      device.queue.submit([encoder.finish()])
      await staging.mapAsync(GPUMapMode.READ, 0, length)
      whole.set(new Uint8Array(staging.getMappedRange(0, length)), offset)
      staging.unmap()
    })
  }
  staging.destroy()
  return whole.buffer
}

/** What was destroyed is given back only once the queue has come to a later serial, twice. */
async function drop({ device }: Room, pool: Map<string, Held>, names: readonly (readonly [string, Held])[]) {
  if (names.length === 0) return
  for (const [name, { buffer }] of names) {
    buffer.destroy()
    pool.delete(name)
  }
  await settled(device)
  await settled(device)
}

async function settled(device: GPUDevice) {
  device.queue.submit([])
  await device.queue.onSubmittedWorkDone()
}

function writtenBy({ work }: Prepared): ReadonlySet<string> {
  return new Set(
    work.flatMap((one) => {
      if (one.kind === 'dispatch')
        return one.bindings.filter(({ access }) => access === 'write').map(({ buffer }) => buffer)
      return one.kind === 'copy' || one.kind === 'upload' ? [one.to] : []
    }),
  )
}

/** Their content comes by the work itself: until then they are poisoned. */
function uploadedBy({ work }: Prepared): ReadonlySet<string> {
  return new Set(work.flatMap((one) => (one.kind === 'upload' ? [one.to] : [])))
}
