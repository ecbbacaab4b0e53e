import * as v from 'valibot'
import type { Handle } from '../lib/plan/handle.ts'
import { definePlan, type PlanBuilder, type PlanHeader } from '../lib/plan/plan.ts'
import type { Rules } from '../lib/plan/step.ts'
import type { RunEvent } from '../lib/record/event.ts'
import { memoryStore } from '../lib/record/memory.ts'
import type { StepRecord } from '../lib/record/run-record.ts'
import type { Store } from '../lib/record/store.ts'
import type { Clock } from '../lib/run/clock.ts'
import type { Passing } from '../lib/run/observe.ts'
import type { RunOptions, RunResult } from '../lib/run/run-options.ts'
import { runPlan } from '../lib/run/run-plan.ts'

type Any = Readonly<Record<string, Handle<unknown> | readonly Handle<unknown>[]>>

/** A plan whose steps the test opens and closes by hand. */
export interface Rig {
  readonly store: Store
  readonly clock: FakeClock
  readonly events: readonly (RunEvent | Passing)[]
  /** Resolves once the step's function has been called (for the `attempt`-th time). */
  started(step: string, attempt?: number): Promise<Invocation>
  /** The names of the steps that are open now, in the order they began. */
  open(): readonly string[]
  /** Resolves when the engine has nothing left to do until the test does something. */
  idle(): Promise<void>
  run(options?: Partial<RunOptions>): Promise<RunResult>
  /** The outcomes of a run that has ended, by step. */
  outcomes(result: RunResult): Readonly<Record<string, string>>
  steps(result: RunResult): readonly StepRecord[]
}

export interface Invocation {
  readonly signal: AbortSignal
  readonly attempt: number
  finish(value?: string): void
  fail(error: unknown): void
}

export interface RigBuilder extends PlanBuilder {
  /** A step that stays open until the test closes it; hands on a text. */
  held<const N extends Any>(name: string, rules?: Omit<Rules<N>, 'name'>): Handle<string>
}

export function rigFor(
  describe: (plan: RigBuilder) => void,
  header: Partial<PlanHeader> = {},
  store: Store = memoryStore(),
): Rig {
  const invocations = new Map<string, Invocation>()
  const waiting = new Map<string, (invocation: Invocation) => void>()
  const open: string[] = []
  const events: (RunEvent | Passing)[] = []
  const clock = fakeClock()

  const plan = definePlan({ name: 'rigged', kind: 'functional', title: 'Rigged', ...header, params: {} }, (builder) =>
    describe({
      ...builder,
      held: (name, rules) =>
        builder.step({
          name,
          ...rules,
          output: v.string(),
          run: (_inputs, { signal, attempt }) =>
            new Promise<string>((resolve, reject) => {
              const close = () => void open.splice(open.indexOf(name), 1)
              const invocation = {
                signal,
                attempt,
                finish: (value = name) => {
                  close()
                  resolve(value)
                },
                fail: (error: unknown) => {
                  close()
                  reject(error)
                },
              }
              open.push(name)
              invocations.set(`${name}#${attempt}`, invocation)
              waiting.get(`${name}#${attempt}`)?.(invocation)
            }),
        }),
    }),
  )

  return {
    store,
    clock,
    events,
    open: () => [...open],
    idle: async () => {
      // Everything between two acts of the test runs in microtasks and immediates, of which a chain is short.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    },
    started(step, attempt = 1) {
      const key = `${step}#${attempt}`
      const invocation = invocations.get(key)
      return invocation === undefined
        ? new Promise((resolve) => waiting.set(key, resolve))
        : Promise.resolve(invocation)
    },
    run: (options) =>
      runPlan(plan, { store, clock, env: {}, jobs: 100, observe: (event) => void events.push(event), ...options }),
    outcomes: (result) =>
      Object.fromEntries(stepsOf(result).map(({ name, ended }) => [name, ended?.outcome ?? 'open'])),
    steps: stepsOf,
  }
}

function stepsOf(result: RunResult): readonly StepRecord[] {
  if (result.kind === 'busy') throw new Error('the run did not take place')
  return result.record.steps
}

export interface FakeClock extends Clock {
  /** Lets time pass, calling back whatever comes due on the way. */
  tick(ms: number): void
  /** Somebody sets the wall clock so many milliseconds forth, or back. */
  set(ms: number): void
}

export function fakeClock(): FakeClock {
  let now = Date.UTC(2026, 10, 21, 7, 16, 2)
  const began = now
  let setBy = 0
  const timers = new Set<{ readonly at: number; readonly call: () => void }>()
  return {
    now: () => new Date(now + setBy),
    monotonic: () => now - began,
    after(ms, call) {
      const timer = { at: now + ms, call }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    tick(ms) {
      const end = now + ms
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers.delete(next)
        now = next.at
        next.call()
      }
      now = end
    },
    set: (ms) => {
      setBy += ms
    },
  }
}
