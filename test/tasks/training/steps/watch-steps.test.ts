import { afterEach, beforeEach, expect, jest, test } from 'bun:test'
import type { ProgressLine } from '../../../../tasks/training/steps/progress.ts'
import { watchSteps } from '../../../../tasks/training/steps/watch-steps.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** A training whose steps come by a clock that the test turns. */
function rig(patience?: number) {
  let now = 0
  let stalls = 0
  const graces: number[] = []
  const watch = watchSteps(
    (_, within) => {
      stalls += 1
      graces.push(within)
    },
    patience,
    () => now,
  )
  const pass = (seconds: number) => {
    now += seconds * 1000
    jest.advanceTimersByTime(seconds * 1000)
  }
  const step = (number: number): ProgressLine => ({ event: 'step', step: number })
  return { watch, pass, step, graces, stalls: () => stalls }
}

test('a training that does not begin is stalled after two minutes', () => {
  const { watch, pass, stalls } = rig()
  pass(119)
  expect(stalls()).toBe(0)
  pass(2)
  expect(stalls()).toBe(1)
  expect(watch.stalled()).toBe('no step for 120 s after step 0')
})

test('it has as long as its plan says, and the plan says how', () => {
  const { watch, pass, step, stalls } = rig(600)
  pass(599)
  watch.heard(step(1))
  pass(599)
  expect(stalls()).toBe(0)
  pass(2)
  expect(watch.stalled()).toBe('no step for 600 s after step 1 (--set patience=SECONDS allows it more)')
})

test('one that steps is stalled after three of its steps and its longest pause, and told once', () => {
  const { watch, pass, step, stalls, graces } = rig()
  for (let at = 1; at <= 10; at++) {
    pass(8)
    watch.heard(step(at))
  }
  pass(20)
  watch.heard({ event: 'checkpoint', step: 10, path: 'x' })
  pass(43)
  expect(stalls()).toBe(0)
  pass(2)
  expect(stalls()).toBe(1)
  watch.heard(step(11))
  pass(1000)
  expect(stalls()).toBe(1)
  expect(watch.stalled()).toBe('no step for 44 s after step 10')
  // It may be slow after all: it has time for a checkpoint.
  expect(graces).toEqual([40])
})

test('threads that go on to say that MLflow is down keep nothing alive', () => {
  const { watch, pass, step, stalls, graces } = rig()
  for (let at = 1; at <= 10; at++) {
    pass(0.1)
    watch.heard(step(at))
  }
  for (const reason of ['503', '500', '502']) {
    pass(3)
    watch.heard({ event: 'tracking failed', what: 'send metrics', reason })
  }
  expect(stalls()).toBe(0)
  pass(2)
  expect(stalls()).toBe(1)
  expect(graces).toEqual([5])
})

test('after its last step it may take two minutes to end', () => {
  const { watch, pass, step, stalls } = rig()
  watch.heard({ event: 'started', steps: 6 })
  for (let at = 1; at <= 6; at++) {
    pass(0.1)
    watch.heard(step(at))
  }
  pass(119)
  expect(stalls()).toBe(0)
  pass(2)
  expect(watch.stalled()).toBe('no end for 120 s after step 6')
})

test('nothing is told of one that is over', () => {
  const { watch, pass, stalls } = rig()
  watch.end()
  pass(1000)
  expect(stalls()).toBe(0)
  expect(watch.stalled()).toBeUndefined()
})
