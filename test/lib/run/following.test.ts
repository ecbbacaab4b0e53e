import { heapStats } from 'bun:jsc'
import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { definePlan } from '../../../lib/plan/plan.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import { following } from '../../../lib/run/following.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'

test('a controller that follows a signal is aborted with it, also when it is late, and no more once released', () => {
  const leader = new AbortController()
  const early = following(leader.signal)
  const gone = following(leader.signal)
  gone.release()
  leader.abort('stop')
  const late = following(leader.signal)
  const alone = following(undefined)
  const seen = [early, late, gone, alone].map(({ controller }) => [controller.signal.aborted, controller.signal.reason])
  expect(seen).toEqual([
    [true, 'stop'],
    [true, 'stop'],
    [false, undefined],
    [false, undefined],
  ])
})

test('runs under one signal leave nothing in memory', async () => {
  const { signal } = new AbortController()
  const plan = definePlan({ name: 'small', kind: 'smoke', title: 'Small' }, (plan) => {
    plan.step({ name: 'step', output: v.number(), run: () => 1 })
  })
  const objectsAfter = async (runs: number) => {
    for (let run = 0; run < runs; run++) await runPlan(plan, { store: memoryStore(), env: {}, signal })
    Bun.gc(true)
    return heapStats().objectCount
  }
  const before = await objectsAfter(20)
  expect((await objectsAfter(60)) - before).toBeLessThan(60 * 50)
})
