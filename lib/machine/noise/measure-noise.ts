import { cpus, release, type } from 'node:os'
import type { Machine } from '../machine.ts'
import type { NoiseFloor } from '../noise-floor.ts'
import { diskFigures } from './disk.ts'
import { memoryFigures } from './memory.ts'
import { sameWork } from './same-work.ts'
import { timerFigures } from './timer.ts'
import { wakeUpFigures } from './wake-up.ts'

export interface NoiseOptions {
  readonly machine: Machine
  /** The folders whose disks are measured, each with the name it is shown by. */
  readonly disks: readonly { readonly folder: string; readonly name: string }[]
  /** About how long it may take. */
  readonly seconds: number
  readonly told: (text: string) => void
}

/** Measures what keeps numbers apart on this machine that should be the same. Blocks: nothing else of this process may run meanwhile. */
export function measureNoise({ machine, disks, seconds, told }: NoiseOptions): NoiseFloor {
  const at = new Date().toISOString()
  const watch = machine.watch()
  const share = (part: number) => part * seconds
  told('clock')
  const timer = timerFigures(share(0.02))
  told('waking up')
  const wakeUps = wakeUpFigures(share(0.08))
  const disk = disks.flatMap(({ folder, name }) => {
    told(`disk: ${name}`)
    return diskFigures(folder, name, share(0.2) / disks.length)
  })
  told('memory')
  const memory = memoryFigures(share(0.08))
  const { figures, detectable } = sameWork(share(0.6), (pairs) => told(`a fixed work against itself: ${pairs} pairs`))
  return {
    schema: 1,
    at,
    machine: machine.fingerprint(),
    cpu: cpus()[0]?.model.trim() || process.arch,
    cores: cpus().length,
    os: `${type()} ${release()}`,
    bun: Bun.version,
    figures: [...timer, ...wakeUps, ...disk, ...memory, ...figures],
    detectable: [...detectable],
    disturbances: [...watch.end()],
  }
}
