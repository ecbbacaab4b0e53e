import type { Prepared } from '../kernel.ts'
import type { BufferPool } from './buffers.ts'
import type { Compiled } from './compile.ts'
import { deviceWork } from './device-work.ts'
import { hostWork } from './host-work.ts'
import type { Room } from './room.ts'
import { type Runner, type Sampler, samplerOf } from './sampler.ts'

/** A kernel with its buffers, ready to run. */
export interface Program extends Sampler {
  readonly footprint: number
  /** What is wrong with what all operations so far have left; undefined: nothing. */
  check(): Promise<string | undefined>
  /** Its buffers stay in their pool. */
  free(): void
}

/** What a sample dispatches at most: telling the device costs the host some 0.4 µs each. */
const most = 200_000

export async function programOf(
  room: Room,
  prepared: Prepared,
  compiled: Compiled,
  pool: BufferPool,
): Promise<Program> {
  const buffers = await pool.hold(prepared)
  const doing = isHosts(prepared)
    ? await hostWork(room, prepared, compiled, buffers)
    : await deviceWork(room, prepared.work, compiled, buffers)
  let done = 0
  const counted: Runner = async (operations, expected) => {
    done += operations
    return doing.run(operations, expected)
  }
  const { sample } = await samplerOf(counted, Math.max(1, Math.floor(most / dispatchesOf(prepared))))
  return {
    footprint: buffers.footprint,
    sample,
    async check() {
      room.alive()
      const read = async (name: string) => doing.downloaded(name) ?? buffers.read(name)
      return (await prepared.check(read, done)) ?? buffers.overrun()
    },
    free: doing.free,
  }
}

const isHosts = ({ work }: Prepared) =>
  work.some(({ kind }) => kind === 'upload' || kind === 'download' || kind === 'submit')

function dispatchesOf({ work }: Prepared): number {
  return work.reduce((sum, one) => sum + (one.kind === 'dispatch' ? (one.repeat ?? 1) : 1), 0)
}
