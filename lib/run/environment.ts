import { existsSync } from 'node:fs'
import { cpus, hostname, release, totalmem, type } from 'node:os'
import type { Detectable, Machine } from '../machine/machine.ts'
import { messageOf } from '../plan/problem.ts'
import type { Environment } from '../record/event.ts'

/**
 * Where this runs: machine, runtime and the commit that `folder` stands at. Nothing of it comes from variables. `tell` hears why the
 * machine's noise floor is left out where it cannot be read, which stops no run.
 */
export function environmentOf(
  folder: string,
  machine?: Machine,
  tell: (sentence: string) => void = () => {},
): Environment {
  const processors = cpus()
  return {
    host: hostname(),
    cpu: processors[0]?.model.trim() || process.arch,
    cores: processors.length,
    memory: totalmem(),
    os: `${type()} ${release()}`,
    bun: Bun.version,
    ...machineOf(machine, tell),
    ...gpuOf(),
    ...commitOf(folder),
  }
}

function machineOf(
  machine: Machine | undefined,
  tell: (sentence: string) => void,
): Pick<Environment, 'machine' | 'detectable'> {
  if (machine === undefined) return {}
  const detectable = detectableOn(machine, tell)
  return { machine: machine.fingerprint(), ...(detectable && { detectable: [...detectable] }) }
}

function detectableOn(machine: Machine, tell: (sentence: string) => void): readonly Detectable[] | undefined {
  try {
    return machine.detectable()
  } catch (error) {
    tell(`${messageOf(error)} This run goes on as if it had not been measured.`)
    return undefined
  }
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
  // It may be killed with us, and must leave no lock of the index that nobody takes away.
  const status = run(['git', '--no-optional-locks', '-C', folder, 'status', ...how, '--', ...all])
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
