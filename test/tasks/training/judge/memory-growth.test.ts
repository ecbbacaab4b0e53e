import { expect, test } from 'bun:test'
import { memoryGrowth } from '../../../../tasks/training/judge/memory-growth.ts'

const readings = (bytes: (step: number) => number) =>
  Array.from({ length: 400 }, (_, step) => ({ step, bytes: bytes(step) * (1 + 0.01 * Math.sin(step * 12.9898)) }))

test('memory that grows step by step is told from caches that fill, and from a plateau', () => {
  expect(memoryGrowth(readings((step) => 1e9 + 1e6 * step))?.kind).toBe('grows')
  expect(memoryGrowth(readings((step) => 1e9 * (1 - 0.5 ** (step / 10))))?.kind).toBe('steady')
  expect(memoryGrowth(readings(() => 1e9))?.kind).toBe('steady')
  expect(memoryGrowth(readings(() => 1e9).slice(0, 20))).toBeUndefined()
})

test('the slope of a leak is within its interval', () => {
  const found = memoryGrowth(readings((step) => 1e9 + 1e6 * step))
  expect(found !== undefined && found.low <= 1e6 && 1e6 <= found.high).toBe(true)
})
