import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { readJournal } from '../../../lib/record/journal.ts'
import { runId } from '../../../lib/record/run-id.ts'
import { rigFor } from '../../rig.ts'

const hours = 3_600_000

describe.each([
  ['back', -3 * hours],
  ['forth', 5 * hours],
] as const)('a clock that is set %s while a step runs', (_, jump) => {
  test('changes no duration, and the journal reads as ever', async () => {
    const rig = rigFor((plan) => void plan.held('a'))
    const result = rig.run()
    const step = await rig.started('a')
    rig.clock.tick(4000)
    rig.clock.set(jump)
    rig.clock.tick(6000)
    step.finish()
    const ended = await result
    if (ended.kind !== 'ended') throw new Error('it did not end')
    expect(rig.steps(ended)[0]?.ended?.duration).toBe(10)
    expect(ended.record.ended?.duration).toBe(10)
    const events = readJournal(rig.store.read('rigged', ended.run) ?? '', 'journal.jsonl')
    expect(events.map(({ event }) => event)).toEqual(['run-started', 'step-started', 'step-ended', 'run-ended'])
  })

  test('neither hastens a timeout nor holds it up', async () => {
    const rig = rigFor((plan) => void plan.held('a', { timeout: '60 s' }))
    const result = rig.run()
    const step = await rig.started('a')
    rig.clock.tick(30_000)
    rig.clock.set(jump)
    rig.clock.tick(29_999)
    expect(step.signal.aborted).toBe(false)
    rig.clock.tick(1)
    expect(step.signal.aborted).toBe(true)
    step.fail(step.signal.reason)
    const ended = await result
    expect(rig.steps(ended)[0]?.ended?.reason).toBe('took longer than its timeout of 60 s')
  })

  test('leaves each run behind the one before it', async () => {
    const rig = rigFor((plan) => void plan.step({ name: 'a', output: v.string(), run: () => 'a' }))
    const runs: string[] = []
    for (let count = 0; count < 5; count++) {
      const ended = await rig.run()
      if (ended.kind !== 'ended') throw new Error('it did not end')
      runs.push(ended.run)
      rig.clock.set(count === 1 ? jump : 0)
    }
    expect(new Set(runs).size).toBe(5)
    expect(rig.store.runs('rigged')).toEqual(runs)
  })
})

test('ids sort in the order in which they were made, whatever the clock does', () => {
  const moments = fc.date({ min: new Date('2001-01-01'), max: new Date('2199-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(fc.array(moments, { minLength: 2, maxLength: 20 }), (clock) => {
      let last: string | undefined
      const ids = clock.map((now) => {
        last = runId(now, Math.random, last)
        return last
      })
      expect([...ids].sort()).toEqual(ids)
      expect(new Set(ids).size).toBe(ids.length)
    }),
  )
})
