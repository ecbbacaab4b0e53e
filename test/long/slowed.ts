// Stage 2 became slower since its baseline: by real runs of the real plan, what is promised of verdicts.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { ownPlan, plainPath, sets } from '../plans/own-plans.ts'

// Paced, so that what else this machine does shows little: how fine a change noisy numbers tell is for the statistics' own tests.
const pace = '0.9'
const stage2 = `'${process.execPath}' '${join(import.meta.dir, '../fixtures/stages/slowed.ts')}'`
const set = { count: '1', mix: '32x24', sizes: '9x9,8x8,7x7,6x6,5x5', rounds: '8', seconds: '100' }
const times = ['1', '2', '3', '5'].map((variant) => `time[${variant}]`)
const minutes = 60_000

const repo = ownPlan('performance-2')
afterAll(removeRepositories)

async function run(SLOWED_BY: string) {
  const words = ['plan', 'performance-2', '--until', 'time of the set', '--csv', '-']
  const env = { ...plainPath, PACE: pace, SLOWED_BY }
  const { exit, out, err } = await repo.run([...words, ...sets({ ...set, stage2, slower: '1.02' })], { env })
  const rows: readonly Record<string, string>[] = parse(out, { columns: true })
  const judged = rows.filter(({ metric = '' }) => times.includes(metric))
  const width = ({ ci_low, ci_high, value }: Record<string, string>) =>
    (Number(ci_high) - Number(ci_low)) / 2 / Number(value)
  const widest = Math.max(...judged.map(width))
  return { exit, err, verdicts: judged.map(({ verdict }) => verdict), widest, id: rows[0]?.run ?? '' }
}

let baseline: Awaited<ReturnType<typeof run>>
beforeAll(async () => {
  baseline = await run('0')
  expect(baseline).toMatchObject({ exit: 0, verdicts: times.map(() => 'recorded') })
  expect(await repo.run(['baseline', 'set', baseline.id])).toMatchObject({ exit: 0 })
}, 5 * minutes)

test(
  'one that is a fifth slower is caught, where the machine is quiet enough; it never passes',
  async () => {
    const { exit, err, verdicts, widest } = await run('0.2')
    expect(verdicts).toHaveLength(times.length)
    for (const verdict of verdicts) expect(['fail', 'undecided']).toContain(verdict ?? '')
    const noise = Math.max(widest, baseline.widest)
    // So few samples decide nothing by wider intervals, wrong once in a hundred at most.
    if (noise > 0.02) return console.warn(`not asked whether it is caught: samples differ by ${noise.toPrecision(2)}`)
    expect(verdicts).toEqual(times.map(() => 'fail'))
    expect(err).toContain('times the baseline')
    expect(exit).toBe(1)
  },
  5 * minutes,
)

test(
  'one that is a twentieth slower is caught, or it is said that the samples were too few; it never passes',
  async () => {
    const { verdicts } = await run('0.05')
    expect(verdicts).toHaveLength(times.length)
    for (const verdict of verdicts) expect(['fail', 'undecided']).toContain(verdict ?? '')
  },
  5 * minutes,
)

test(
  'one that is as it was is not caught',
  async () => {
    const { exit, verdicts } = await run('0')
    expect(verdicts).toHaveLength(times.length)
    for (const verdict of verdicts) expect(['pass', 'marginal', 'undecided']).toContain(verdict ?? '')
    expect(exit).toBe(0)
  },
  5 * minutes,
)
