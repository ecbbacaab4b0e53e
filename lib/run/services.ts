import type { ServiceNode } from '../plan/graph.ts'
import { messageOf, Problem } from '../plan/problem.ts'
import type { RunningService, ServiceContext } from '../plan/service.ts'
import type { ServiceEvent } from '../record/event.ts'
import { rest, type Stopping, untilStopped } from './attempt.ts'
import { type Clock, secondsSince } from './clock.ts'

export type Started =
  | { readonly kind: 'ready'; readonly client: unknown }
  | { readonly kind: 'errored'; readonly reason: string }

/** The services of a run: each started at its first user, asked whether it is ready, stopped after its last. */
export interface Services {
  ensure(node: ServiceNode): Promise<Started>
  /** One user fewer. */
  release(node: ServiceNode): Promise<void>
  stopAll(): Promise<void>
  /** Lets every service that was started remove what it left. */
  discardAll(): Promise<void>
}

const readyWithinMs = 30_000

export function servicesOf(
  users: ReadonlyMap<number, number>,
  contextOf: (node: ServiceNode) => ServiceContext,
  report: (event: Omit<ServiceEvent, 'event' | 'at'>) => void,
  stopping: Stopping,
  clock: Clock,
): Services {
  const left = new Map(users)
  const started = new Map<number, { readonly node: ServiceNode; readonly result: Promise<Started> }>()
  const running = new Map<number, RunningService<unknown>>()
  const stopped: { readonly node: ServiceNode; readonly service: RunningService<unknown> }[] = []

  async function start(node: ServiceNode): Promise<Started> {
    const began = clock.monotonic()
    report({ name: node.name, state: 'starting' })
    try {
      const service = await begin(node)
      running.set(node.index, service)
      await untilStopped(untilReady(service), stopping, clock)
      const { detail, absent, gpu } = service
      const told = { detail, ...(absent && { absent }), ...(gpu && { gpu }) }
      report({ name: node.name, state: 'ready', ...told, duration: secondsSince(clock, began) })
      return { kind: 'ready', client: service.client }
    } catch (error) {
      const reason = messageOf(error)
      report({ name: node.name, state: 'errored', reason, duration: secondsSince(clock, began) })
      return { kind: 'errored', reason }
    }
  }

  async function begin(node: ServiceNode): Promise<RunningService<unknown>> {
    const starting = node.service.start(contextOf(node))
    try {
      return await untilStopped(starting, stopping, clock)
    } catch (error) {
      // Should it come up after the run went on without it.
      starting.then((service) => service.stop(0)).catch(() => {})
      throw error
    }
  }

  async function untilReady(service: RunningService<unknown>): Promise<void> {
    const deadline = clock.monotonic() + readyWithinMs
    for (let pause = 10; ; pause = Math.min(pause * 2, 250)) {
      try {
        return await service.ready(stopping.signal)
      } catch (error) {
        if (stopping.signal.aborted || clock.monotonic() > deadline)
          throw new Problem(`It was not ready within ${readyWithinMs / 1000} s: ${messageOf(error)}`)
      }
      await rest(pause, stopping, clock)
    }
  }

  async function stop(node: ServiceNode): Promise<void> {
    await started.get(node.index)?.result
    const service = running.get(node.index)
    if (service === undefined) return
    running.delete(node.index)
    stopped.push({ node, service })
    report({ name: node.name, ...(await endOf(service)) })
  }

  async function endOf(service: RunningService<unknown>): Promise<Omit<ServiceEvent, 'event' | 'at' | 'name'>> {
    try {
      const within = stopping.left() * 0.8
      const how = await untilStopped(service.stop(within), stopping, clock, ({ left }) => left())
      const retries = service.retries?.()
      return {
        state: 'stopped',
        ...((how === 'term' || how === 'kill') && { stopped: how }),
        ...(retries && { retries }),
      }
    } catch (error) {
      return { state: 'errored', reason: `It did not stop: ${messageOf(error)}` }
    }
  }

  return {
    ensure(node) {
      const entry = started.get(node.index) ?? { node, result: start(node) }
      started.set(node.index, entry)
      return entry.result
    },
    async release(node) {
      const users = (left.get(node.index) ?? 0) - 1
      left.set(node.index, users)
      if (users === 0) await stop(node)
    },
    async discardAll() {
      for (const { node, service } of stopped)
        try {
          await service.discard?.()
        } catch (error) {
          report({ name: node.name, state: 'errored', reason: `It did not remove what it left: ${messageOf(error)}` })
        }
    },
    async stopAll() {
      const ends = await Promise.allSettled([...started.values()].map(({ node }) => stop(node)))
      // That one can not be recorded must not have the others left running.
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    },
  }
}
