import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { equal, holds } from '../../../lib/plan/check.ts'
import { didYouMean } from '../../../lib/plan/did-you-mean.ts'
import { parseBytes, parseDuration } from '../../../lib/plan/duration.ts'
import { flag, integer, oneOf, parseParams, text } from '../../../lib/plan/param.ts'
import { sentence } from '../../../lib/plan/problem.ts'

describe('durations and amounts', () => {
  test.each([
    ['30 s', 30_000],
    ['250 ms', 250],
    ['1.5 min', 90_000],
    ['2 h', 7_200_000],
  ] as const)('%s is %d milliseconds', (said, ms) => expect(parseDuration(said)).toBe(ms))

  test('2 GB is 2,000,000,000 bytes', () => expect(parseBytes('2 GB')).toBe(2e9))

  test.each(['30', '30s', 's', ' s', '30 s or so', '30 toString', '-1 s', 'Infinity s', 'NaN s', '1e308 h'])(
    '%j is refused',
    (said) => expect(() => parseDuration(JSON.parse(JSON.stringify(said)))).toThrow(/'timeout' must be like '30 s'/),
  )
})

describe('an error sentence', () => {
  test.each([
    ['text', 'x', 'x'],
    ['an empty text', '', 'empty'],
    ['a number', 3, '3'],
    ['nothing', undefined, 'undefined'],
    ['an object', { a: 1 }, '{"a":1}'],
    ['a very long text', 'x'.repeat(300), `${'x'.repeat(200)}…`],
  ])('shows %s as it is', (_, value, shown) => {
    expect(sentence('do it', 'what', 'right', value)).toBe(
      `Cannot do it as 'what' must be right: current value is ${shown}`,
    )
  })
})

describe('parameters', () => {
  const params = {
    count: integer(3, 'How many', { min: 1, max: 9 }),
    mode: oneOf(['poll', 'once'], 'poll', 'How'),
    fast: flag('Faster'),
    name: text(undefined, 'A name'),
    token: text('', 'A token', { secret: true }),
  }

  test('defaults fill what is not given', () => {
    expect(parseParams(params, { name: 'x' }, 'run it')).toEqual({
      count: 3,
      mode: 'poll',
      fast: false,
      name: 'x',
      token: '',
    })
  })

  test.each([
    [{ name: 'x', count: '10' }, "Cannot run it as 'count' must be a whole number from 1 to 9: current value is 10"],
    [{ name: 'x', count: '2.5' }, "Cannot run it as 'count' must be a whole number from 1 to 9: current value is 2.5"],
    [{ name: 'x', mode: 'pol' }, "Cannot run it as 'mode' must be one of poll, once: current value is pol"],
    [{ name: 'x', fast: 'maybe' }, "Cannot run it as 'fast' must be yes or no: current value is maybe"],
    [{}, "Cannot run it as 'name' must be given: current value is nothing. A name."],
  ])('%j is refused', (given, message) => {
    expect(() => parseParams(params, given, 'run it')).toThrow(message)
  })
})

describe('findings', () => {
  test('equality is deep, and of JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy: typeof value = JSON.parse(JSON.stringify(value))
        expect(equal('copy', JSON.parse(JSON.stringify(value)), copy).verdict).toBe('pass')
        expect(equal('wrapped', [copy], [[copy]]).verdict).toBe('fail')
      }),
    )
  })

  test('a condition that does not hold says what was found', () => {
    expect(holds('kept its aspect', false, 'found 3:2')).toEqual({
      name: 'kept its aspect',
      verdict: 'fail',
      reason: 'found 3:2',
    })
  })
})

describe('did you mean', () => {
  test.each([
    ['functinal-1', "Did you mean 'functional-1'? There are: functional-1, smoke-infra"],
    ['smoke', "Did you mean 'smoke-infra'? There are: functional-1, smoke-infra"],
    ['zzz', 'There are: functional-1, smoke-infra'],
  ])('%s', (given, expected) => expect(didYouMean(given, ['functional-1', 'smoke-infra'])).toBe(expected))

  test('where there is nothing at all', () => expect(didYouMean('x', [])).toBe('There are none'))
})
