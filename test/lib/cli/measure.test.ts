import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { newestRun, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

const performancePlan = (name: string, body: string) => `
import { existsSync, writeFileSync } from 'node:fs'
import { atMost, definePlan, equal, higher, lower, noWorseThanBaseline, quantity, timesOf } from 'assay'
export default definePlan({ name: '${name}', kind: 'performance', title: 'The plan ${name}' }, (plan) => {
${body}
})
`

/** Its numbers are worked out and not measured, all but `real`, which is not judged: each verdict is known. */
const sizes = `
  const sorted = plan.measure({
    name: 'sort',
    metrics: {
      time: lower('ms', timesOf('time[10]', { atMost: 3 })),
      real: higher('1/s'),
      exact: lower('MB', atMost(5, 'MB')),
    },
    variants: ['10', '20'],
    derived: { more: { ...lower('ms'), from: ({ time }) => time['20'] - time['10'] } },
    samples: 8,
    warmup: 2,
    run: async (_, { time, variant, round }) => {
      const { seconds, value } = await time(() => Array.from({ length: Number(variant) }, (_, i) => -i).sort())
      if (value.length !== Number(variant)) throw new Error('lost some')
      const own = Number(variant) * (1 + (round * 7 % 10) / 1000)
      return { time: quantity(own, 'ms'), real: quantity(1 / seconds, '1/s'), exact: quantity(4.9 + (round % 3) / 10, 'MB') }
    },
  })
  plan.check({
    name: 'handed on by variant',
    needs: { sorted },
    run: ({ sorted }) => [equal('n', sorted.time['20'].length, 8), equal('rounds', sorted.more.length, 8)],
  })`

describe('a performance plan', () => {
  const repo = repository({ sizes: performancePlan('sizes', sizes) })

  test('prints a line a metric and counts what is open; under --strict that fails', async () => {
    const { exit, out, err } = await repo.run(['plan', 'sizes'])
    expect([exit, err]).toEqual([0, ''])
    expect(out).toMatch(/✓ sort +8 rounds after 2 to warm up/)
    expect(out).toMatch(/· time\[10\] +10\.\d+ ms +[\d.]+ to [\d.]+ +n 8 +recorded/)
    expect(out).toMatch(/✓ time\[20\] +20\.\d+ ms +[\d.]+ to [\d.]+ +n 8 +pass/)
    expect(out).toMatch(/\? exact\[10\] +5 MB .* n 8 +undecided\n +too few samples to tell it from 5 MB: /)
    expect(out).toMatch(/passed · 2 checks, 1 measure \(2 undecided\) · /)
    const strict = await repo.run(['plan', 'sizes', '--strict'])
    expect(strict.exit).toBe(1)
    expect(strict.out).toMatch(/failed · 2 checks, 1 measure \(2 undecided\)/)
  })

  test('leaves every sample in a file of its run, in an order that ASSAY_SEED repeats', async () => {
    const orders: string[] = []
    for (const ASSAY_SEED of ['5', '5', '6']) {
      const { out } = await repo.run(['plan', 'sizes', '--json'], { env: { ASSAY_SEED } })
      const ended = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .find(({ event, step }) => event === 'step-ended' && step === 'sort')
      expect(ended.sampling).toMatchObject({ seed: Number(ASSAY_SEED), rounds: 8, stopped: 'fixed' })
      expect(ended.sampling.batch).toHaveProperty('10')
      const [metric] = ended.metrics
      const run = await newestRun(repo, 'sizes')
      const rows: Record<string, string>[] = parse(repo.read(join(run, metric.raw)), { columns: true })
      // Ten rounds of two variants with three metrics each, and what is worked out of a round.
      expect(rows).toHaveLength(10 * (2 * 3 + 1))
      const times = rows.filter((row) => row.metric === 'time')
      const own = times.filter(({ variant, round }) => variant === '10' && round !== '0')
      expect(own.map(({ value }) => Number(value))).toEqual(metric.samples)
      expect(rows.filter(({ metric, unit }) => metric === 'more' && unit === 'ms')).toHaveLength(10)
      const at = rows.map((row) => Number(row.at_s))
      expect(at).toEqual(at.toSorted((a, b) => a - b))
      orders.push(times.map(({ variant }) => variant).join(' '))
    }
    expect(orders[1]).toBe(orders[0] ?? '')
    expect(orders[2]).not.toBe(orders[0] ?? '')
  })

  test('has a row a metric of each variant in its results, which --csv gives as well', async () => {
    const { out } = await repo.run(['plan', 'sizes', '--csv', '-'])
    const rows: Record<string, string>[] = parse(out, { columns: true })
    const row = (metric: string) => rows.find((one) => one.step === 'sort' && one.metric === metric)
    expect(row('time[20]')).toMatchObject({ n: '8', unit: 'ms', verdict: 'pass' })
    expect(Number(row('time[20]')?.ratio)).toBeCloseTo(2, 9)
    expect(row('more')).toMatchObject({ n: '8', verdict: 'recorded' })
    expect(row('exact[10]')).toMatchObject({ reference_high: '5', verdict: 'undecided' })
  })
})

test('a measure that is killed is taken again when its run is resumed, and no sample of before is among its own', async () => {
  const body = `
    plan.measure({
      name: 'before',
      metrics: { rate: higher('1/s') },
      samples: 2,
      run: () => ({ rate: quantity(Math.random(), '1/s') }),
    })
    plan.measure({
      name: 'rate',
      metrics: { rate: higher('1/s') },
      samples: 5,
      warmup: 1,
      run: async (_, { round }) => {
        const again = existsSync('go')
        if (round === 4 && !again) {
          writeFileSync('reached', '')
          await new Promise((resolve) => setTimeout(resolve, 600_000))
        }
        return { rate: quantity(again ? 2 : 1, '1/s') }
      },
    })`
  const repo = repository({ killed: performancePlan('killed', body) })
  const child = repo.start(['plan', 'killed'])
  for (const deadline = Date.now() + 50_000; !existsSync(join(repo.dir, 'reached')); await Bun.sleep(20))
    if (Date.now() > deadline) throw new Error('The measure was never taken')
  child.kill('SIGKILL')
  await child.exited
  const run = await newestRun(repo, 'killed')
  const endsIn = () =>
    repo
      .read(join(run, 'journal.jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'step-ended')
  const [first] = endsIn()
  expect(existsSync(join(repo.dir, run, 'steps/01-rate/samples.csv'))).toBe(false)
  repo.file('go', '')
  const { exit, out } = await repo.run(['plan', 'killed', '--resume'])
  expect(exit).toBe(0)
  expect(out).toMatch(/✓ before +2 rounds .* reused/)
  const [, again, rate] = endsIn()
  expect(again).toMatchObject({ step: 'before', reused: true, output: first.output, sampling: first.sampling })
  expect(rate).toMatchObject({ step: 'rate', outcome: 'passed', output: { rate: [2, 2, 2, 2, 2] } })
  const rows: Record<string, string>[] = parse(repo.read(join(run, rate.metrics[0].raw)), { columns: true })
  expect(rows.map(({ round, value }) => `${round}: ${value}`)).toEqual(['0: 2', '1: 2', '2: 2', '3: 2', '4: 2', '5: 2'])
})
