import { freemem } from 'node:os'
import { cannot } from '../../../lib/index.ts'
import type { DeviceFacts } from '../kernel.ts'
import type { Allocated, Churned } from '../worker/answers.ts'
import { firstLine } from './room.ts'

/** What memory tests do to a device. Bytes are multiples of 4. */
interface Ground {
  readonly device: GPUDevice
  readonly facts: DeviceFacts
}

const usage = 0x80 | 0x04 | 0x08 // STORAGE | COPY_SRC | COPY_DST: the names are globals only once Dawn is loaded
/** How often the resident size is looked at. */
const looks = 20

/** What `churn` was told to forget. */
const forgotten: GPUBuffer[] = []

/** Creates a buffer, has the device write to it and destroys it, so often; one of each `forget` it does not destroy. */
export async function churn({ device }: Ground, cycles: number, bytes: number, forget: number): Promise<Churned> {
  let done = 0
  const cycle = async () => {
    const buffer = device.createBuffer({ size: bytes, usage })
    await writeTo(device, [buffer])
    done += 1
    if (forget > 0 && done % forget === 0) forgotten.push(buffer)
    else buffer.destroy()
    await settled(device)
  }
  // Pools grow and code is compiled in the first.
  for (let at = 0; at < looks; at++) await cycle()
  const resident = [residentNow()]
  const every = Math.max(1, Math.ceil(cycles / looks))
  for (let at = 1; at <= cycles; at++) {
    await cycle()
    if (at % every === 0 || at === cycles) resident.push(residentNow())
  }
  return { cycles, resident }
}

/** Whether so many bytes can be had and written to. All is given back. */
export async function allocate(ground: Ground, bytes: number): Promise<Allocated> {
  try {
    return await hold(ground, bytes)
  } finally {
    await letGo(ground)
  }
}

const held: GPUBuffer[] = []

/** The same, and what could be had is held; in several buffers where one may not hold all. */
export async function hold({ device, facts }: Ground, bytes: number): Promise<Allocated> {
  // A software adapter's memory is the machine's, and the kernel ends whoever takes all of it.
  if (facts.kind === 'software' && bytes > freemem() / 2) {
    const rule = `at most half of this machine's free memory on a software adapter, ${Math.floor(freemem() / 2)}`
    throw cannot('allocate', 'bytes', rule, bytes)
  }
  const { maxBufferSize = 0, maxStorageBufferBindingSize = 0 } = facts.limits
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize) - (1 << 16)
  for (let left = bytes; left > 0; left -= most) {
    device.pushErrorScope('validation')
    device.pushErrorScope('out-of-memory')
    const buffer = device.createBuffer({ size: Math.min(left, most), usage })
    held.push(buffer)
    await writeTo(device, [buffer])
    const memory = await device.popErrorScope()
    const validation = await device.popErrorScope()
    if (memory !== null) return { fits: false, why: firstLine(memory.message) }
    if (validation !== null) throw cannot('allocate', 'bytes', 'possible', bytes, firstLine(validation.message))
  }
  return { fits: true }
}

export async function letGo({ device }: Ground): Promise<void> {
  for (const buffer of held.splice(0)) buffer.destroy()
  await settled(device)
}

/** A buffer that nobody wrote to may not be there yet. */
async function writeTo(device: GPUDevice, buffers: readonly GPUBuffer[]): Promise<void> {
  const encoder = device.createCommandEncoder()
  for (const buffer of buffers) encoder.clearBuffer(buffer)
  device.queue.submit([encoder.finish()])
  await device.queue.onSubmittedWorkDone()
}

/** What was destroyed is given back only once the queue has come to a later serial, twice. */
async function settled(device: GPUDevice): Promise<void> {
  for (let time = 0; time < 2; time++) {
    device.queue.submit([])
    await device.queue.onSubmittedWorkDone()
  }
}

function residentNow(): number {
  Bun.gc(true)
  return process.memoryUsage.rss()
}
