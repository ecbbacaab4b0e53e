import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { Devices } from './settings.ts'

/** What this machine has for trainings, by what the kernel's driver shows: nothing is loaded for it. */
export function devicesHere(env: Readonly<Record<string, string | undefined>>): Devices {
  return { cores: availableParallelism(), gpus: gpusHere(env.CUDA_VISIBLE_DEVICES) }
}

function gpusHere(visible: string | undefined): number {
  const all = cards()
  if (visible === undefined) return all
  // Devices behind the first one that isn't there are not seen.
  return Math.min(all, visible.split(',').filter((name) => name.trim() !== '' && name.trim() !== '-1').length)
}

/** Some containers show the devices and not what the driver says of them. */
function cards(): number {
  return namesIn('/proc/driver/nvidia/gpus').length || namesIn('/dev').filter((name) => /^nvidia\d+$/.test(name)).length
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no driver, no device
  }
}
