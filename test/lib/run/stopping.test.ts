import { describe, expect, test } from 'bun:test'
import { Failure } from '../../../lib/plan/problem.ts'
import { Interrupted } from '../../../lib/run/summing.ts'
import { rigFor } from '../../rig.ts'

describe('time', () => {
  test('a step that outlives its timeout is failed, told to stop, and not waited for beyond the grace', async () => {
    const rig = rigFor((plan) => {
      plan.held('slow', { timeout: '2 s' })
    })
    const running = rig.run()
    const slow = await rig.started('slow')
    rig.clock.tick(1999)
    expect(slow.signal.aborted).toBe(false)
    rig.clock.tick(1)
    expect(slow.signal.aborted).toBe(true)
    rig.clock.tick(4000)
    const result = await running
    expect(rig.steps(result)[0]?.ended).toMatchObject({
      outcome: 'failed',
      reason: 'took longer than its timeout of 2 s; it did not stop when it was told to',
    })
  })

  test('a retry waits for its backoff, twice as long each time, and the record says why it ran again', async () => {
    const rig = rigFor((plan) => {
      plan.held('flaky', { retry: { times: 2, backoff: '1 s' } })
    })
    const running = rig.run()
    ;(await rig.started('flaky')).fail(new Failure('first'))
    await rig.idle()
    expect(rig.open()).toEqual([])
    rig.clock.tick(1000)
    ;(await rig.started('flaky', 2)).fail(new Failure('second'))
    await rig.idle()
    rig.clock.tick(1999)
    await rig.idle()
    expect(rig.open()).toEqual([])
    rig.clock.tick(1)
    ;(await rig.started('flaky', 3)).finish()
    const result = await running
    expect(rig.steps(result)[0]).toMatchObject({
      because: 'attempt 2 did not pass: second',
      ended: { outcome: 'passed', attempts: 3 },
    })
  })

  test('a failure that `when` does not accept is not retried', async () => {
    const rig = rigFor((plan) => {
      plan.held('flaky', { retry: { times: 5, when: (error) => error instanceof TypeError } })
    })
    const running = rig.run()
    ;(await rig.started('flaky')).fail(new Failure('for good'))
    expect(rig.steps(await running)[0]?.ended).toMatchObject({ outcome: 'failed', attempts: 1 })
  })

  test('the plan’s own timeout ends the run', async () => {
    const rig = rigFor((plan) => void plan.held('slow'), { timeout: '1 min' })
    const running = rig.run()
    const slow = await rig.started('slow')
    rig.clock.tick(60_000)
    slow.finish()
    expect(await running).toMatchObject({ outcome: 'aborted', exit: 2 })
  })
})

describe('interruption', () => {
  test('running steps are aborted, the rest is skipped, the exit code is the signal’s', async () => {
    const rig = rigFor((plan) => {
      const first = plan.held('first')
      plan.held('second', { needs: { first } })
    })
    const controller = new AbortController()
    const running = rig.run({ signal: controller.signal })
    const first = await rig.started('first')
    controller.abort(new Interrupted('the run was interrupted (SIGINT)', 130))
    expect(first.signal.aborted).toBe(true)
    first.fail(first.signal.reason)
    const result = await running
    expect(rig.outcomes(result)).toEqual({ first: 'aborted', second: 'skipped' })
    expect(result).toMatchObject({ outcome: 'aborted', exit: 130 })
  })

  test('a step that returns once it was told to stop has not passed: what it waited for may have stopped halfway', async () => {
    const rig = rigFor((plan) => void plan.held('first'))
    const controller = new AbortController()
    const running = rig.run({ signal: controller.signal })
    const first = await rig.started('first')
    controller.abort(new Interrupted('the run was interrupted (SIGTERM)', 143))
    first.finish()
    expect(rig.outcomes(await running)).toEqual({ first: 'aborted' })
  })
})
