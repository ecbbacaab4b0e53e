import { expect, test } from 'bun:test'
import type { MetricRecord, SamplingRecord, StepEnded } from '../../../lib/record/event.ts'
import { metricLines, samplingWords } from '../../../lib/report/metric-lines.ts'
import { painter } from '../../../lib/report/page.ts'
import { stepEnded } from './events.ts'

const page = { columns: 140, names: 20, cut: true, paint: painter(false) }
const linesOf = (more: Partial<StepEnded>) => metricLines(stepEnded('m', 'passed', more), page).join('\n')

const time: MetricRecord = { name: 'time', unit: 's', better: 'lower', samples: [1, 2, 3], verdict: 'recorded' }
const sampling: SamplingRecord = {
  seed: 7,
  rounds: 12,
  warmup: { rounds: 5, steady: true, because: 'it is' },
  stopped: 'decided',
}

test('a measure has a line a metric, in columns, and says under it why it is no pass', () => {
  const metrics: MetricRecord[] = [
    {
      ...time,
      name: 'time[1]',
      value: 2,
      interval: { low: 1.25, high: 3, level: 0.95 },
      because: 'there is no baseline yet',
    },
    { ...time, name: 'time[10]', value: 12.3456, verdict: 'pass', because: 'at most 20 s: 12.35 s' },
    { ...time, name: 'rate', unit: 'img/s', samples: [5], verdict: 'fail', because: 'expected at least 9 img/s' },
    { ...time, name: 'p99', verdict: 'marginal', because: 'as tight as asked' },
    { ...time, name: 'wait', verdict: 'undecided', because: 'too few samples; about 40 would do' },
  ]
  expect(linesOf({ metrics })).toBe(`\
      · time[1]   2 s      1.25 to 3  n 3  recorded
      ✓ time[10]  12.35 s             n 3  pass
      ✗ rate      5 img/s             n 1  fail
        expected at least 9 img/s
      ~ p99       2 s                 n 3  marginal
        as tight as asked
      ? wait      2 s                 n 3  undecided
        too few samples; about 40 would do
        time[1]: there is no baseline yet`)
})

test('why metrics were held against nothing is said once a reason', () => {
  const because = 'there is no baseline yet'
  const metrics = ['a', 'b', 'c'].map((name) => ({
    ...time,
    name,
    because: name === 'c' ? 'it is in ms there' : because,
  }))
  expect(linesOf({ metrics }).split('\n').slice(3)).toEqual([
    `        a, b: ${because}`,
    '        c: it is in ms there',
  ])
})

test('what speaks against the samples stands below them, a line a kind, and then what the machine did', () => {
  const drift = { kind: 'drift', text: 'the samples rise' }
  const metrics = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ ...time, name, warnings: [drift] }))
  metrics.push({ ...time, name: 'g', warnings: [{ kind: 'outliers', text: '1 of 3\u001b[31m lies far off' }] })
  const disturbances = [{ kind: 'load', text: 'other programs used 0.8 of 2 cores' }]
  expect(
    linesOf({ metrics, sampling: { ...sampling, disturbances } })
      .split('\n')
      .slice(7),
  ).toEqual([
    '      ! drift (a, b, c, d and 2 more): the samples rise',
    '      ! outliers (g): 1 of 3 lies far off',
    '      ! meanwhile, on this machine: other programs used 0.8 of 2 cores',
  ])
})

test.each<[string, Partial<SamplingRecord>]>([
  ['12 rounds after 5 to warm up', {}],
  ['1 round', { rounds: 1, warmup: { ...sampling.warmup, rounds: 0 } }],
  ['12 rounds after 5 to warm up, the budget spent', { stopped: 'budget' }],
  ['12 rounds after 5 to warm up, as many as there may be', { stopped: 'most' }],
])('the row of a measure says how it sampled: %s', (words, more) => {
  expect(samplingWords({ ...sampling, ...more })).toBe(words)
})

test('the row of a measure of an older journal says nothing of that', () => {
  expect(samplingWords(undefined)).toBe('')
})
