import { describe, expect, test } from 'bun:test'
import type { MetricRecord } from '../../../lib/record/event.ts'
import { smallestChangeText } from '../../../lib/report/smallest-change.ts'
import { recorded, started, stepEnded } from './events.ts'

const spread = (by: number, count = 20) =>
  Array.from({ length: count }, (_, index) => 10 * (1 + by * ((index % 5) - 2)))
const metric = (name: string, samples: readonly number[], more: Partial<MetricRecord> = {}): MetricRecord => ({
  ...{ name, unit: 's', better: 'lower', samples: [...samples], verdict: 'recorded' },
  ...more,
})

function said(
  measures: Readonly<Record<string, readonly MetricRecord[]>>,
  detectable?: readonly { readonly n: number; readonly change: number }[],
  again = 'bun run plan small',
): string | undefined {
  const start = started(Object.keys(measures).map((name) => ['measure', name]))
  const environment = { ...start.environment, ...(detectable && { detectable: [...detectable] }) }
  const ends = Object.entries(measures).map(([name, metrics]) => stepEnded(name, 'passed', { metrics: [...metrics] }))
  return smallestChangeText(recorded({ ...start, environment, again }, ...ends))
}

const floor = [
  { n: 5, change: 0.04 },
  { n: 20, change: 0.02 },
  { n: 50, change: 0.01 },
]

describe('the smallest change that a run could have seen', () => {
  test('is that of its one metric, from its samples', () => {
    expect(said({ time: [metric('time', spread(0.05))] }, floor)).toMatch(
      /^smallest change this run could have seen: 1\d %$/,
    )
  })

  test.each([
    [4, '4 %'],
    [19, '4 %'],
    [20, '2 %'],
    [49, '2 %'],
    [1000, '1 %'],
  ])('is never below the noise floor of %p samples', (count, change) => {
    const text = `smallest change this run could have seen: ${change}`
    expect(said({ time: [metric('time', spread(0, count))] }, floor)).toBe(text)
    expect(said({ time: [metric('rate', spread(0, count), { unit: 'img/s' })] }, floor)).toBe(text)
  })

  test('beyond tenfold is no number', () => {
    expect(said({ time: [metric('time', [1, 100])] }, floor)).toEndWith(': more than tenfold')
  })

  test('of what is counted and not timed knows no noise floor', () => {
    expect(said({ size: [metric('size', spread(0), { unit: 'MB' })] }, floor)).toBe(
      'smallest change this run could have seen: 0 %',
    )
  })

  test('names the metrics that saw best and worst, and their measures where there are several', () => {
    const metrics = [metric('time', spread(0)), metric('p99', spread(0.3)), metric('rate', spread(0.02))]
    expect(said({ one: metrics }, floor)).toMatch(/: 2 % \(time\) to \d+ % \(p99\)$/)
    expect(said({ one: metrics.slice(0, 1), two: metrics.slice(1) }, floor)).toMatch(
      /: 2 % \(one: time\) to \d+ % \(two: p99\)$/,
    )
  })

  test('asks for the noise floor where there is none, in the words of the place', () => {
    const metrics = { time: [metric('time', spread(0))] }
    expect(said(metrics)).toBe('smallest change this run could have seen: 0 %; noise floor not measured: bun run noise')
    expect(said(metrics, undefined, 'bunx assay plan small')).toEndWith('noise floor not measured: bunx assay noise')
  })

  test('is not made up from one sample, nor for a quantile that the samples do not reach', () => {
    const nothing = 'smallest change this run could have seen: not to be said from so few samples'
    expect(said({ time: [metric('time', [1])] }, floor)).toBe(nothing)
    expect(said({ time: [metric('time', spread(0.1), { quantile: 0.99 })] }, floor)).toBe(nothing)
  })

  test('is nothing that a run without measures tells', () => {
    expect(said({})).toBeUndefined()
    expect(smallestChangeText(recorded(started([['step', 'upload']]), stepEnded('upload', 'passed')))).toBeUndefined()
  })
})
