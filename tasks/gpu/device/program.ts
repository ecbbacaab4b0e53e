import type { KernelSample, Prepared } from '../kernel.ts'
import type { BufferPool } from './buffers.ts'
import type { Compiled } from './compile.ts'
import { deviceRunner, type Runner } from './device-work.ts'
import { hostWork } from './host-work.ts'
import type { Room } from './room.ts'

/** A kernel with its buffers, ready to run. */
export interface Program {
  readonly footprint: number
  /** As many operations on end as take about so long. */
  sample(seconds: number): Promise<KernelSample>
  /** What is wrong with what all operations so far have left; undefined: nothing. */
  check(): Promise<string | undefined>
}

/** What a sample dispatches at most: telling the device costs the host some 0.4 µs each. */
const most = 200_000
/** A run that was over before it was waited for was timed too long, one of too few operations too coarsely: each is repeated, so often. */
const repeats = 6

export async function programOf(
  room: Room,
  prepared: Prepared,
  compiled: Compiled,
  pool: BufferPool,
): Promise<Program> {
  const buffers = await pool.hold(prepared)
  const host = isHosts(prepared) ? await hostWork(room, prepared, compiled, buffers) : undefined
  const run: Runner = host?.run ?? (await deviceRunner(room, prepared.work, compiled, buffers))
  const limit = Math.max(1, Math.floor(most / dispatchesOf(prepared)))
  let done = 0
  const counted: Runner = async (operations, expected) => {
    done += operations
    return run(operations, expected)
  }
  // The first use of a buffer clears it, and the first of a pipeline may finish compiling it.
  await counted(1, 0)
  let each = secondsOf(await counted(1, 0))
  return {
    footprint: buffers.footprint,
    async sample(seconds) {
      for (let time = 1; ; time++) {
        const operations = Math.min(limit, Math.max(1, Math.round(seconds / each)))
        const ran = await counted(operations, operations * each)
        each = ran.overslept ? each / 2 : Math.max(secondsOf(ran), 1e-9)
        const short = operations < limit && operations * each < seconds / 2
        if (time < repeats && (ran.overslept || short)) continue
        return { operations, deviceSeconds: ran.deviceSeconds, wallSeconds: ran.wallSeconds }
      }
    },
    async check() {
      const read = async (name: string) => host?.downloaded(name) ?? buffers.read(name)
      return (await prepared.check(read, done)) ?? buffers.overrun()
    },
  }
}

const secondsOf = ({ deviceSeconds, wallSeconds }: KernelSample) => deviceSeconds ?? wallSeconds

const isHosts = ({ work }: Prepared) =>
  work.some(({ kind }) => kind === 'upload' || kind === 'download' || kind === 'submit')

function dispatchesOf({ work }: Prepared): number {
  return work.reduce((sum, one) => sum + (one.kind === 'dispatch' ? (one.repeat ?? 1) : 1), 0)
}
