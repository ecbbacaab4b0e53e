import { Problem } from '../../../lib/index.ts'
import type { Prepared } from '../kernel.ts'
import type { Buffers } from './buffers.ts'
import type { Compiled } from './compile.ts'
import type { Doing } from './device-work.ts'
import { openScopes, type Room, scoped } from './room.ts'
import { encode, stepOf } from './steps.ts'

/** Work that the host has a part in: one operation after the other, each waited for, by the host's clock alone. */
export async function hostWork(room: Room, prepared: Prepared, compiled: Compiled, buffers: Buffers): Promise<Doing> {
  const { device } = room
  const got = new Map<string, { readonly into: Uint8Array<ArrayBuffer>; readonly staging: GPUBuffer }>()
  const acts = await scoped(device, () =>
    prepared.work.map((work): Act => {
      if (work.kind === 'upload') return uploading(device, sourceOf(prepared, work.to, work.bytes), buffers.of(work.to))
      if (work.kind === 'submit') return () => finished(device, device.createCommandEncoder())
      if (work.kind === 'download') {
        const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
        const staging = device.createBuffer({ size: work.bytes, usage })
        const into = new Uint8Array(work.bytes).fill(0xff)
        got.set(work.from, { into, staging })
        return downloading(device, buffers.of(work.from), staging, into)
      }
      const step = stepOf(device, work, compiled, buffers)
      return () => {
        const encoder = device.createCommandEncoder()
        encode(encoder, step)
        return finished(device, encoder)
      }
    }),
  )
  return {
    downloaded: (name) => got.get(name)?.into.buffer,
    free() {
      for (const { staging } of got.values()) staging.destroy()
    },
    async run(operations) {
      const complaint = openScopes(device)
      const started = performance.now()
      for (let at = 0; at < operations; at++) for (const act of acts) await act()
      const wallSeconds = (performance.now() - started) / 1000 / operations
      const said = await complaint()
      room.alive()
      if (said !== undefined) throw new Problem(said)
      return { operations, deviceSeconds: undefined, wallSeconds, overslept: false }
    },
  }
}

type Act = () => Promise<unknown>

function uploading(device: GPUDevice, source: ArrayBuffer, to: GPUBuffer): Act {
  return () => {
    device.queue.writeBuffer(to, 0, source)
    device.queue.submit([])
    return device.queue.onSubmittedWorkDone()
  }
}

function downloading(device: GPUDevice, from: GPUBuffer, staging: GPUBuffer, into: Uint8Array<ArrayBuffer>): Act {
  return async () => {
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(from, 0, staging, 0, into.byteLength)
    device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    into.set(new Uint8Array(staging.getMappedRange()))
    staging.unmap()
  }
}

function finished(device: GPUDevice, encoder: GPUCommandEncoder) {
  device.queue.submit([encoder.finish()])
  return device.queue.onSubmittedWorkDone()
}

/** What is uploaded to a buffer is what that buffer is said to be filled with. */
function sourceOf({ buffers }: Prepared, name: string, bytes: number): ArrayBuffer {
  const source = new ArrayBuffer(bytes)
  buffers[name]?.fill?.(source, 0)
  return source
}
