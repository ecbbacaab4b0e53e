import { readdirSync, readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'

/** What a machine is known by: what its numbers depend on and what stays, whatever runs on it and however often it starts. */
export interface Parts {
  /** `x64`, `arm64`. */
  readonly arch: string
  readonly cpu: string
  readonly cores: number
  /** In bytes. */
  readonly memory: number
  /** With the first number of its version: `Linux 6`. */
  readonly os: string
  /** Vendor and device of each, by the numbers on the bus, sorted. */
  readonly gpus: readonly string[]
}

/** Twelve hexadecimal digits, the same wherever the parts are. Baselines go by it: a change of its form loses them all. */
export function fingerprintOf({ arch, cpu, cores, memory, os, gpus }: Parts): string {
  const parts = [arch, cpu, cores, roughly(memory), os, ...gpus]
  return new Bun.CryptoHasher('sha256').update(parts.join('\n')).digest('hex').slice(0, 12)
}

/** The parts of this machine. `root` is where the files of Linux stand. */
export function partsOf(root = ''): Parts {
  const processors = cpus()
  return {
    arch: process.arch,
    cpu: processors[0]?.model.trim() ?? '',
    cores: processors.length,
    memory: totalmem(),
    os: `${type()} ${release().split('.')[0]}`,
    gpus: gpusBelow(`${root}/sys/bus/pci/devices`),
  }
}

/**
 * In GiB, of four steps an octave: a kernel keeps some percent of the memory to itself, by its version more or less. What is built into
 * machines, less that, lies well within a step.
 */
function roughly(memory: number): number {
  const gib = memory / 2 ** 30
  const step = 2 ** (Math.floor(Math.log2(gib)) - 2)
  return Math.round(gib / step) * step
}

/** Display controllers of any maker, whether or not their driver is loaded; on a Mac the GPU goes by the CPU's name. */
function gpusBelow(folder: string): readonly string[] {
  const read = (device: string, name: string) => readFileSync(`${folder}/${device}/${name}`, 'latin1').trim()
  try {
    const displays = readdirSync(folder).filter((device) => read(device, 'class').startsWith('0x03'))
    return displays.map((device) => `${read(device, 'vendor')}:${read(device, 'device')}`).sort()
  } catch {
    return [] // no such bus here, or a container hides it
  }
}
