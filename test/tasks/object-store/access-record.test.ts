import { afterEach, expect, setSystemTime, test } from 'bun:test'
import { preciseNow } from '../../../tasks/object-store/server/access-record.ts'

afterEach(() => void setSystemTime())

test.each([
  ['forth, as after a night asleep', 9 * 3_600_000],
  ['back', -2 * 3_600_000],
])('the store’s account goes by a clock that was set %s', (_, jump) => {
  const before = preciseNow()
  expect(Math.abs(before - Date.now())).toBeLessThan(150)
  setSystemTime(new Date(Date.now() + jump))
  expect(Math.abs(preciseNow() - before - jump)).toBeLessThan(1000)
  setSystemTime()
  expect(Math.abs(preciseNow() - Date.now())).toBeLessThan(150)
})

test('and tells moments apart that a millisecond does not', () => {
  const moments = Array.from({ length: 1000 }, preciseNow)
  expect(moments.some((moment) => moment % 1 !== 0)).toBe(true)
  expect([...moments].sort((a, b) => a - b)).toEqual(moments)
})
