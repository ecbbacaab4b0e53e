import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { judge, median, pairedRatio } from '../../benchmarks/table.ts'

describe('pairedRatio()', () => {
  test('divides round by round, so that a slow round slows both', () => {
    const { median, low, high, n } = pairedRatio([20, 2, 200], [10, 1, 100])
    expect({ median, low, high, n }).toEqual({ median: 2, low: 2, high: 2, n: 3 })
  })

  test('its interval holds the median, whatever the rounds', () => {
    const speed = fc.double({ min: 0.1, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(speed, speed), { minLength: 1, maxLength: 40 }), (rounds) => {
        const ratio = pairedRatio(
          rounds.map(([ours]) => ours),
          rounds.map(([, theirs]) => theirs),
        )
        return ratio.low <= ratio.median && ratio.median <= ratio.high
      }),
    )
  })
})

test('median() of an even number is between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})

test('judge() decides only when the whole interval does', () => {
  const ratio = { median: 2, low: 1.8, high: 2.2, n: 12 }
  expect([judge(ratio, 1.8), judge(ratio, 2), judge(ratio, 2.3)]).toEqual(['pass', 'undecided', 'fail'])
})
