import { cpus } from 'node:os'
import { lookAtDarwin } from './darwin.ts'
import { disturbancesBetween } from './disturbances.ts'
import { fingerprintOf, partsOf } from './fingerprint.ts'
import { lookAtLinux } from './linux.ts'
import type { Look } from './look.ts'
import type { Machine } from './machine.ts'
import { readNoise } from './noise-floor.ts'
import { ownCpu } from './own-cpu.ts'

/** This machine. `folder` is where `noise` keeps what it found: `.assay/noise`. */
export function hostMachine(folder: string): Machine {
  let known: string | undefined
  const fingerprint = () => {
    known ??= fingerprintOf(partsOf())
    return known
  }
  return {
    fingerprint,
    watch() {
      const before = look()
      return { end: () => disturbancesBetween(before, look()) }
    },
    detectable: () => readNoise(folder, fingerprint())?.detectable,
  }
}

function look(): Look {
  const [at, cores] = [performance.now() / 1000, cpus().length]
  if (process.platform === 'linux') return lookAtLinux('', at, cores, ownCpu())
  return lookAtDarwin(at, cores, told(['ps', '-A', '-o', 'pid=,ppid=,time=']), told(['vm_stat']), process.pid)
}

function told(argv: readonly string[]): string {
  return Bun.spawnSync([...argv], { stdin: 'ignore', stderr: 'ignore' }).stdout.toString()
}
