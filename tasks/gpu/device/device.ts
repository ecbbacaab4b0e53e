import { cannot } from '../../../lib/index.ts'
import type { DeviceFacts, Kernel } from '../kernel.ts'
import { type AdapterOptions, openAdapter } from './adapter.ts'
import { listed } from './adapters.ts'
import { type Loaded, load } from './load.ts'
import { type Room, roomOn } from './room.ts'

export interface OpenDevice {
  readonly facts: DeviceFacts
  /** Finds the best tuning within about so many seconds; throws a Failure for a kernel that computes wrong, else a Problem. */
  load(kernel: Kernel, size: number, options: { readonly seconds: number }): Promise<Loaded>
  close(): Promise<void>
}

/** Throws a Problem where there is no such adapter; `openAdapter` says which there are. */
export async function openDevice(options: AdapterOptions): Promise<OpenDevice> {
  const { device, facts, all } = await openAdapter(options)
  if (device === undefined) throw cannot('open a GPU', 'adapter', 'one that is there', options.adapter, listed(all))
  return runtimeOn(roomOn(device, facts))
}

/** The runtime on a device, however it was opened. */
export function runtimeOn(room: Room): OpenDevice {
  return {
    facts: room.facts,
    load: (kernel, size, { seconds }) => load(room, kernel, size, seconds),
    async close() {
      await room.device.queue.onSubmittedWorkDone()
      room.device.destroy()
    },
  }
}
