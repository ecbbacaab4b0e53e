import { expect, test } from 'bun:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { variablesOf } from '../../lib/cli/env-file.ts'
import { setParams } from '../../lib/cli/set-params.ts'
import { taskOptions } from '../../lib/cli/task-options.ts'
import { type Duration, parseBytes, parseDuration } from '../../lib/plan/duration.ts'
import { flag, integer, oneOf, parseParams, text } from '../../lib/plan/param.ts'
import { definePlan } from '../../lib/plan/plan.ts'
import { defineTask } from '../../lib/plan/task.ts'
import { fuzz, tried } from './fuzz.ts'

const letters = fc.string({ unit: 'binary', maxLength: 6 })

/** Mostly the first: of several texts that must all be right, each may seldom be wrong. */
function mostly<T>(usual: fc.Arbitrary<T>, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: usual, weight: 7 * others.length }, ...others)
}

const numbers = mostly(
  fc.integer({ min: 1, max: 5 }).map(String),
  fc.integer({ min: -2, max: 12 }).map(String),
  fc.constantFrom('', ' ', '3 ', '+3', '3.0', '0x3', '1e1', '٣', '007', '9007199254740993', 'NaN', 'Infinity', '-0'),
)
const words = mostly(
  fc.constantFrom('poll', 'once'),
  fc.constantFrom('Poll', 'poll ', 'toString', '', '__proto__'),
  letters,
)
const answers = mostly(
  fc.constantFrom('', 'yes', 'no', 'true', 'false', '1', '0'),
  fc.constantFrom('YES', 'y', 'null', 'undefined'),
  letters,
)

const options = {
  count: integer(3, 'A count', { min: 1, max: 9 }),
  mode: oneOf(['poll', 'once'], 'poll', 'A mode'),
  deep: flag('Whether'),
  name: text('x', 'A name'),
  key: { ...integer(1, 'A key', { min: 0, max: 5 }), secret: true },
}

interface Values {
  readonly count: number
  readonly mode: string
  readonly deep: boolean
  readonly name: string
  readonly key: number
}

/** The values of the texts in plain code; undefined: one of them is none. */
function valuesOf(given: Partial<Readonly<Record<keyof typeof options, string>>>): Values | undefined {
  const count = wholeNumber(given.count ?? '3', 1, 9)
  const key = wholeNumber(given.key ?? '1', 0, 5)
  const { mode = 'poll', deep = 'no', name = 'x' } = given
  const yes = ['', 'yes', 'true', '1'].includes(deep)
  if (count === undefined || key === undefined || (mode !== 'poll' && mode !== 'once')) return undefined
  return yes || ['no', 'false', '0'].includes(deep) ? { count, mode, deep: yes, name, key } : undefined
}

function wholeNumber(said: string, min: number, max: number): number | undefined {
  const digits = said.startsWith('-') ? said.slice(1) : said
  if (digits === '' || ![...digits].every((digit) => '0123456789'.includes(digit))) return undefined
  const number = Number(said)
  return number >= min && number <= max ? number : undefined
}

test(
  'parameters are the values their texts say, or refused by the name of one',
  () =>
    fuzz(
      'parameters',
      2000,
      fc.record({ count: numbers, mode: words, deep: answers, name: letters, key: numbers }, { requiredKeys: [] }),
      (given) => {
        const read = tried(() => parseParams(options, given, 'run it'))
        expect<unknown>(read.verdict === 'accepted' ? read.value : undefined).toEqual(valuesOf(given))
        if (read.verdict === 'refused') {
          const [, name = ''] = /^Cannot run it as '(\w+)' must be /.exec(read.sentence) ?? []
          expect(Object.keys(given)).toContain(name)
          if (name === 'key') expect(read.sentence).toEndWith('current value is (secret)')
        }
        return read.verdict
      },
    ),
  600_000,
)

const amounts = mostly(
  fc.double({ min: 0, max: 1e6, noNaN: true }).map(String),
  fc.nat(999).map(String),
  fc.constantFrom('-1', '', 'NaN', 'Infinity', '1e400', '1,5', 'x'),
)
const units = mostly(
  fc.constantFrom('ms', 's', 'min', 'h', 'kB', 'MB', 'GB', 'TB'),
  fc.constantFrom('MiB', 'S', 'toString', ''),
)
const spans = fc.tuple(
  amounts,
  fc.constantFrom(' ', ' ', ' ', ' ', '', '  ', '\t'),
  units,
  fc.constantFrom('', '', '', '', ' more'),
)

test(
  'durations and amounts are what they say, or refused',
  () =>
    fuzz('durations', 2000, spans, ([number, space, unit, more]) => {
      const factors = { ms: 1, s: 1e3, min: 6e4, h: 3.6e6, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }
      const factor = new Map(Object.entries(factors)).get(unit)
      const expected =
        space === ' ' && more === '' && number !== '' && factor !== undefined ? Number(number) * factor : Number.NaN
      const said = `${number}${space}${unit}${more}`
      const read = tried(() =>
        unit.endsWith('B') ? parseBytes(JSON.parse(JSON.stringify(said))) : parseDuration(asDuration(said)),
      )
      expect(read.verdict).toBe(Number.isFinite(expected) && expected >= 0 ? 'accepted' : 'refused')
      if (read.verdict === 'accepted') expect(read.value).toBe(expected)
      return read.verdict
    }),
  600_000,
)

/** As a text gets into a plan past the compiler: out of a file. */
function asDuration(said: string): Duration {
  return JSON.parse(JSON.stringify(said))
}

const setNames = fc.constantFrom('count', 'mode', 'count', 'mode', 'name', 'conut', '', '__proto__', 'constructor')
const sets = fc.array(fc.tuple(setNames, fc.constantFrom('=', '=', '=', '=', '==', ''), letters), { maxLength: 3 })

test(
  'what --set says is the value of the parameter, whatever letters it has',
  () =>
    fuzz('--set', 2000, sets, (sets) => {
      const plan = definePlan({ name: 'p', kind: 'smoke', title: 'P', params: options }, () => {})
      const read = tried(() =>
        setParams(
          sets.map((parts) => parts.join('')),
          [{ name: 'p', plan }],
        ),
      )
      const known = sets.every(([name, sign, value]) => {
        const [first] = `${name}${sign}${value}`.split('=')
        return Object.keys(options).includes(first ?? '') && `${name}${sign}${value}`.includes('=')
      })
      expect(read.verdict).toBe(known ? 'accepted' : 'refused')
      if (read.verdict === 'accepted')
        for (const [name, sign, value] of sets.filter(
          ([name], index) => sets.findLastIndex(([other]) => other === name) === index,
        ))
          if (sign !== '') expect(read.value[name]).toBe(`${sign.slice(1)}${value}`)
      return read.verdict
    }),
  600_000,
)

const task = defineTask({ name: 'job', title: 'A job', options, run: async () => {} })
const given = fc.oneof(
  { arbitrary: numbers.map((value) => ['count', value] as const), weight: 3 },
  { arbitrary: words.map((value) => ['mode', value] as const), weight: 3 },
  { arbitrary: letters.map((value) => ['name', value] as const), weight: 3 },
  {
    arbitrary: fc.constantFrom(['deep', undefined] as const, ['deep', 'yes'] as const, ['deap', 'x'] as const),
    weight: 1,
  },
)
const args = fc.array(fc.tuple(given, fc.constantFrom('joined', 'apart')), { maxLength: 3 })

test(
  'the flags of a task are the values they say, or refused',
  () =>
    fuzz('flags', 2000, args, (args) => {
      const words = args.flatMap(([[name, value], how]) =>
        value === undefined ? [`--${name}`] : how === 'joined' ? [`--${name}=${value}`] : [`--${name}`, value],
      )
      const read = tried(() => taskOptions(task, words, {}))
      const names = args.map(([[name]]) => name)
      const wrong = args.some(
        ([[name, value], how]) =>
          name === 'deap' || (name === 'deep' ? value !== undefined : how === 'apart' && /^-./.test(value ?? '')),
      )
      const said = Object.fromEntries(args.map(([[name, value]]) => [name, value ?? 'yes']))
      const values = new Set(names).size < names.length || wrong ? undefined : valuesOf(said)
      expect<unknown>(read.verdict === 'accepted' ? read.value : undefined).toEqual(values)
      return read.verdict
    }),
  600_000,
)

const names = fc.constantFrom('A', 'B_2', 'a.b-c', 'S3_ENDPOINT')
const plain = fc.string({ unit: fc.constantFrom(...'abc123:/.-_=$\\é '), maxLength: 8 }).map((value) => value.trim())
const quoted = fc.tuple(
  fc.constantFrom('"', "'", '`'),
  fc.string({ unit: fc.constantFrom(...'ab# =\n$é'), maxLength: 8 }),
)
const envLines = fc.oneof(
  { arbitrary: fc.tuple(names, plain).map(([name, value]) => ({ line: `${name}=${value}`, name, value })), weight: 8 },
  {
    arbitrary: fc
      .tuple(names, plain)
      .map(([name, value]) => ({ line: `export ${name} = ${value}  # why`, name, value })),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(names, quoted)
      .map(([name, [mark, value]]) => ({ line: `${name}=${mark}${value}${mark}`, name, value })),
    weight: 4,
  },
  {
    arbitrary: fc.constantFrom('', '  ', '# A=1', '\t#').map((line) => ({ line, name: undefined, value: '' })),
    weight: 2,
  },
  {
    arbitrary: fc
      .constantFrom('A', 'A B=1', '=1', 'export A', 'Ä=1', 'https://x', '{"A": 1}')
      .map((line) => ({ line, name: 'wrong', value: '' })),
    weight: 3,
  },
)
const Text = v.string()

test(
  'an environment file sets what it says, or is refused by its line',
  () =>
    fuzz(
      'environment files',
      2000,
      fc.tuple(fc.array(envLines, { minLength: 1, maxLength: 6 }), fc.constantFrom('\n', '\r\n')),
      ([lines, end]) => {
        const wrong = lines.findIndex(({ name }) => name === 'wrong')
        const read = tried(() => variablesOf(lines.map(({ line }) => `${line}${end}`).join(''), 'my.env'))
        expect(read.verdict).toBe(wrong === -1 ? 'accepted' : 'refused')
        if (read.verdict === 'refused') {
          const before = lines.slice(0, wrong).map(({ line }) => `${line}${end}`)
          expect(read.sentence).toContain(`'my.env:${before.join('').split('\n').length}' must be`)
          return 'refused'
        }
        const expected = new Map(
          lines.flatMap(({ name, value }) => (name === undefined ? [] : [[name, value] as const])),
        )
        expect(Object.keys(read.value).sort()).toEqual([...expected.keys()].sort())
        for (const [name, value] of expected) expect(v.parse(Text, read.value[name]).replaceAll('\r', '')).toBe(value)
        return 'accepted'
      },
    ),
  600_000,
)
