import { existsSync } from 'node:fs'
import { cpus, hostname, release, totalmem, type } from 'node:os'
import type { Machine } from '../machine/machine.ts'
import type { Environment } from '../record/event.ts'

/** Where this runs: machine, runtime and the commit that `folder` stands at. Nothing of it comes from variables. */
export function environmentOf(folder: string, machine?: Machine): Environment {
  const processors = cpus()
  return {
    host: hostname(),
    cpu: processors[0]?.model.trim() || process.arch,
    cores: processors.length,
    memory: totalmem(),
    os: `${type()} ${release()}`,
    bun: Bun.version,
    ...machineOf(machine),
    ...gpuOf(),
    ...commitOf(folder),
  }
}

function machineOf(machine: Machine | undefined): Pick<Environment, 'machine' | 'detectable'> {
  if (machine === undefined) return {}
  const detectable = machine.detectable()
  return { machine: machine.fingerprint(), ...(detectable && { detectable: [...detectable] }) }
}

/** What NVIDIA's driver says of itself; other cards are asked by the GPU plans. */
function gpuOf(): Pick<Environment, 'gpu' | 'driver'> {
  if (!existsSync('/proc/driver/nvidia/version')) return {}
  const asked = run(['nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader'])
  const [gpu, driver] = asked?.split('\n')[0]?.split(', ') ?? []
  return { ...(gpu && { gpu }), ...(driver && { driver }) }
}

function commitOf(folder: string): Pick<Environment, 'commit' | 'dirty'> {
  // What runs leave, and what is made again, is no part of what they run; not everybody has git ignore it.
  const all = [':/', ':(exclude)runs', ':(exclude).assay']
  const how = ['--porcelain=v2', '--branch', '--untracked-files=normal']
  const status = run(['git', '-C', folder, 'status', ...how, '--', ...all])
  const commit = status?.match(/^# branch\.oid ([0-9a-f]+)$/m)?.[1]
  return commit === undefined ? {} : { commit, dirty: /^[^#]/m.test(status ?? '') }
}

function run(argv: readonly string[]): string | undefined {
  try {
    const { exitCode, stdout } = Bun.spawnSync([...argv], { stdin: 'ignore', stderr: 'ignore', timeout: 3000 })
    return exitCode === 0 ? stdout.toString() : undefined
  } catch {
    return undefined // the program is not there, which is an answer
  }
}
