import type { KernelSample, Prepared } from '../kernel.ts'
import type { BufferPool } from './buffers.ts'
import type { Compiled } from './compile.ts'
import { deviceWork, type Runner } from './device-work.ts'
import { hostWork } from './host-work.ts'
import type { Room } from './room.ts'

/** A kernel with its buffers, ready to run. */
export interface Program {
  readonly footprint: number
  /**
   * As many operations on end as take about so long. What was too short to say much, or over before it was waited for, so that the wall clock
   * timed the wait, is taken again, for three times as long at most.
   */
  sample(seconds: number): Promise<KernelSample>
  /** What is wrong with what all operations so far have left; undefined: nothing. */
  check(): Promise<string | undefined>
  /** Its buffers stay in their pool. */
  free(): void
}

/** What a sample dispatches at most: telling the device costs the host some 0.4 µs each. */
const most = 200_000
/** A few operations say little of how long many take, so a run has at most so many times those of the one before it. */
const growth = 16

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
  const limit = Math.max(1, Math.floor(most / dispatchesOf(prepared)))
  let done = 0
  const counted: Runner = async (operations, expected) => {
    done += operations
    return doing.run(operations, expected)
  }
  // The first use of a buffer clears it, and the first of a pipeline may finish compiling it.
  await counted(1, 0)
  let [each, seen] = [secondsOf(await counted(1, 0)), 1]
  return {
    footprint: buffers.footprint,
    async sample(seconds) {
      const started = performance.now()
      for (;;) {
        const operations = Math.min(limit, growth * seen, Math.max(1, Math.round(seconds / each)))
        const ran = await counted(operations, operations * each)
        each = ran.overslept ? each / 2 : Math.max(secondsOf(ran), 1e-9)
        seen = operations
        const short = operations < limit && operations * each < seconds / 2
        const late = performance.now() - started > 3000 * seconds
        if ((ran.overslept || short) && !late) continue
        return { operations, deviceSeconds: ran.deviceSeconds, wallSeconds: ran.wallSeconds }
      }
    },
    async check() {
      const read = async (name: string) => doing.downloaded(name) ?? buffers.read(name)
      return (await prepared.check(read, done)) ?? buffers.overrun()
    },
    free: doing.free,
  }
}

const secondsOf = ({ deviceSeconds, wallSeconds }: KernelSample) => deviceSeconds ?? wallSeconds

const isHosts = ({ work }: Prepared) =>
  work.some(({ kind }) => kind === 'upload' || kind === 'download' || kind === 'submit')

function dispatchesOf({ work }: Prepared): number {
  return work.reduce((sum, one) => sum + (one.kind === 'dispatch' ? (one.repeat ?? 1) : 1), 0)
}
