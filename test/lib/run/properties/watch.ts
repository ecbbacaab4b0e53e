import type { Service } from '../../../../lib/plan/service.ts'
import { graceMs } from '../../../../lib/run/attempt.ts'
import { holds, type Sitting } from './oracle.ts'
import { capacity, type ServiceShape, type Shape } from './shape.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** Watches what runs beside what, from inside the functions that the engine calls. */
export interface Watch {
  /** The promises that were broken, as sentences. */
  readonly broken: readonly string[]
  /** How often each node's function was called. */
  readonly calls: readonly number[]
  /** When each service was told to stop, in virtual milliseconds; of those that were. */
  readonly stopped: ReadonlyMap<number, number>
  readonly discarded: ReadonlySet<number>
  up(): readonly number[]
  /** A node's function has been called; returns what to call at its end. */
  enter(index: number, signal: AbortSignal): () => void
  service(shape: ServiceShape, index: number): Service<number>
}

export const nameOf = (index: number) => `step ${index}`
export const serviceName = (index: number) => `service ${index}`

/** `isSafe` says whether the end of a node outlives a power cut. */
export function watchOver(
  { nodes, services, jobs }: Shape,
  sitting: Sitting,
  clock: VirtualClock,
  isSafe: (index: number) => boolean,
): Watch {
  const broken: string[] = []
  const calls = nodes.map(() => 0)
  const stopped = new Map<number, number>()
  const discarded = new Set<number>()
  const states = services.map((): 'down' | 'starting' | 'up' | 'stopping' => 'down')
  const running = new Set<{ readonly index: number }>()

  function look(index: number): void {
    const beside = [...running].map((other) => nodes[other.index])
    if (running.size > jobs) broken.push(`${running.size} at once with ${jobs} jobs`)
    for (const slot of ['gpu', 'net'] as const) {
      const taken = beside.reduce((sum, node) => sum + (node?.slots[slot] ?? 0), 0)
      if (taken > capacity[slot]) broken.push(`${taken} of ${capacity[slot]} ${slot} taken`)
    }
    if (running.size > 1 && beside.some((node) => node?.alone)) broken.push('an exclusive step was not alone')
    for (const need of nodes[index]?.needs ?? [])
      if (!isSafe(need)) broken.push(`${nameOf(index)} ran before the end of ${nameOf(need)} was safe`)
  }

  function lookAtServices(index: number): void {
    for (const used of nodes[index]?.services ?? [])
      if (states[used] !== 'up') broken.push(`${nameOf(index)} ran while ${serviceName(used)} was ${states[used]}`)
  }

  function enter(index: number, signal: AbortSignal): () => void {
    const token = { index }
    calls[index] = (calls[index] ?? 0) + 1
    if (signal.aborted) broken.push(`${nameOf(index)} began after the run was told to stop`)
    running.add(token)
    look(index)
    lookAtServices(index)
    // The engine goes on without a function that does not end when it is told to; what then comes first in the same
    // millisecond is nobody's promise.
    const abandoned = () => void clock.after(graceMs - 1, () => running.delete(token))
    signal.addEventListener('abort', abandoned, { once: true })
    return () => {
      signal.removeEventListener('abort', abandoned)
      if (running.delete(token)) lookAtServices(index)
    }
  }

  function service(shape: ServiceShape, index: number): Service<number> {
    const name = serviceName(index)
    const fate = holds(shape, sitting) ? shape.fate : 'runs'
    return {
      name,
      async start() {
        if (states[index] !== 'down') broken.push(`${name} was started while it was ${states[index]}`)
        if (stopped.has(index)) broken.push(`${name} was started again`)
        states[index] = 'starting'
        if (shape.start > 0) await clock.sleep(shape.start)
        if (fate === 'does not start') {
          states[index] = 'down'
          throw new Error('it does not start')
        }
        const readyAt = clock.monotonic() + (fate === 'is late' ? 300 : 0)
        return {
          client: index,
          detail: 'virtual',
          async ready() {
            if (fate === 'is never ready' || clock.monotonic() < readyAt) throw new Error('not yet')
            states[index] = 'up'
          },
          async stop() {
            if (states[index] === 'down' || states[index] === 'stopping')
              broken.push(`${name} was stopped while it was ${states[index]}`)
            for (const node of running)
              if (nodes[node.index]?.services.includes(index))
                broken.push(`${name} was stopped under ${nameOf(node.index)}`)
            stopped.set(index, clock.monotonic())
            states[index] = 'stopping'
            if (shape.stop > 0) await clock.sleep(shape.stop)
            states[index] = 'down'
            if (fate === 'does not stop') throw new Error('it does not stop')
          },
          async discard() {
            if (states[index] !== 'down') broken.push(`${name} was discarded while it was ${states[index]}`)
            discarded.add(index)
          },
        }
      },
    }
  }

  const up = () => states.flatMap((state, index) => (state === 'down' ? [] : [index]))
  return { broken, calls, stopped, discarded, up, enter, service }
}
