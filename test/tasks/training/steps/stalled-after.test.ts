import { expect, test } from 'bun:test'
import { stalledAfter } from '../../../../tasks/training/steps/stalled-after.ts'

test('a training is stalled after three steps and its longest pause', () => {
  expect(stalledAfter([], 0, 120)).toBe(120)
  expect(stalledAfter([8, 8, 9, 8, 8], 30, 120)).toBe(54)
  expect(stalledAfter([0.01, 0.01, 0.01, 0.01, 0.01], 0, 120)).toBe(10)
})
