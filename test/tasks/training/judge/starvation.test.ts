import { expect, test } from 'bun:test'
import { judgeWaiting } from '../../../../tasks/training/judge/starvation.ts'

/** Forty steps, each with another share about this one. */
const waiting = (share: number) =>
  Array.from({ length: 40 }, (_, at) => ({
    ...{ event: 'step' as const, step: at + 1 },
    step_seconds: 0.1,
    data_seconds: 0.1 * (share + 0.02 * Math.sin(at * 12.9898)),
  }))

test('a training that mostly waits for its images is told, with how much and how sure', () => {
  expect(judgeWaiting(waiting(0.9))).toMatchObject({
    verdict: 'fail',
    reason: expect.stringMatching(/^9\d % of a step's time goes into waiting for them \(\d\d to 9\d\)$/),
  })
  expect(judgeWaiting(waiting(0.4)).verdict).toBe('pass')
})

test('near the limit, or where few steps say it, it is undecided', () => {
  expect(judgeWaiting(waiting(0.67)).verdict).toBe('undecided')
  expect(judgeWaiting(waiting(0.9).slice(0, 6)).verdict).toBe('undecided')
  expect(judgeWaiting(waiting(0.9).map(({ event, step }) => ({ event, step })))).toMatchObject({
    reason: '0 steps say how long they waited, which is too few',
  })
})

test('what it waits for at its start does not count', () => {
  const begins = waiting(0.1).map((step, at) => (at < 3 ? { ...step, step_seconds: 9, data_seconds: 9 } : step))
  expect(judgeWaiting(begins).verdict).toBe('pass')
})
