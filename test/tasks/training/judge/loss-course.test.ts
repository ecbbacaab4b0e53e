import { describe, expect, test } from 'bun:test'
import { courseWords, lossCourse } from '../../../../tasks/training/judge/loss-course.ts'

/** Scatters by a tenth, the same each time. */
const scatter = (step: number) => 1 + 0.1 * Math.sin(step * 12.9898)
const curve = (steps: number, level: (step: number) => number) =>
  Array.from({ length: steps }, (_, at) => ({ step: at + 1, loss: level(at + 1) * scatter(at + 1) }))

describe('a loss that', () => {
  const cases: readonly [string, ReturnType<typeof curve>, string][] = [
    ['falls', curve(90, (step) => 2.3 * 0.98 ** step), 'falls'],
    ['falls slowly', curve(300, (step) => 2.3 - 0.002 * step), 'falls'],
    ['rises', curve(90, (step) => 1 + step / 50), 'rises'],
    ['stays', curve(90, () => 2.3), 'flat'],
    ['falls and jumps once', curve(90, (step) => (step === 60 ? 30 : 2.3 * 0.98 ** step)), 'spikes'],
    ['jumps to a level and stays there', curve(90, (step) => (step > 40 ? 20 : 2)), 'spikes'],
    ['is infinite', curve(90, (step) => (step === 7 ? Infinity : 2)), 'no number'],
    [
      'is no number at its last step',
      curve(90, (step) => (step === 90 ? Number.NaN : 2.3 * 0.98 ** step)),
      'no number',
    ],
    ['ends early', curve(20, (step) => 1 / step), 'too short'],
    ['comes to nothing', curve(90, (step) => Math.max(0, 1 - step / 30)), 'falls'],
  ]
  test.each(cases)('%s', (_, losses, kind) => expect<string>(lossCourse(losses).kind).toBe(kind))
})

test('says where, and how far', () => {
  expect(courseWords(lossCourse(curve(90, (step) => (step === 60 ? 30 : 2))))).toMatch(
    /^jumps at step 60 to \d+(\.\d+)? times the level before it$/,
  )
  expect(courseWords(lossCourse(curve(90, (step) => 2.3 * 0.98 ** step)))).toMatch(
    /^falls to 0\.\d+ of what it was \(0\.\d+ to 0\.\d+\)$/,
  )
})

test('a loss that falls with every step, without any scatter, falls', () => {
  const clean = (level: (step: number) => number) =>
    Array.from({ length: 48 }, (_, at) => ({ step: at + 1, loss: level(at + 1) }))
  for (const level of [(s: number) => 1 / s, (s: number) => 2 * 0.97 ** s, (s: number) => 5 - 0.1 * s])
    expect(lossCourse(clean(level)).kind).toBe('falls')
})
