import type { WorkContext } from '../../../lib/index.ts'
import { type Bench, type BenchWorker, benchOf } from './bench.ts'

type Hearing = Pick<WorkContext, 'signal' | 'log'>

/** The workers that a service has on one device. */
export interface Workers<W> {
  readonly bench: Bench
  open(unchecked: boolean, context: Hearing): Promise<W>
  pids(): readonly number[]
  stop(): Promise<unknown>
}

/** `first` is the bench's own until it ends, or other checks are asked for; `openMore` opens another, which ends with the service at the latest. */
export function workersOf<W extends BenchWorker>(first: W, openMore: Workers<W>['open'], context: Hearing): Workers<W> {
  const workers = [first]
  const open: Workers<W>['open'] = async (unchecked, context) => {
    const more = await openMore(unchecked, context)
    workers.push(more)
    return more
  }
  let fresh: W | undefined = first
  const bench = benchOf(async (unchecked) => {
    const unused = unchecked ? undefined : fresh
    fresh = unchecked ? fresh : undefined
    return unused ?? open(unchecked, context)
  })
  return {
    bench,
    open,
    pids: () => workers.flatMap(({ worker }) => worker.pid ?? []),
    stop: () => Promise.all(workers.map(({ worker }) => worker.stop())),
  }
}
