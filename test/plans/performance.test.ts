import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, statfsSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { fixture, startRig } from '../tasks/pipeline/stage-rig.ts'
import { ownPlan, plainPath, sets } from './own-plans.ts'

setDefaultTimeout(180_000)
afterAll(removeRepositories)

const tiny = { count: '2', mix: '96x64,64x48', sizes: '48x48,40x40,32x32,24x24,16x16', rounds: '1', seconds: '1' }

async function run(more: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = plainPath) {
  const words = ['plan', 'performance-2', '--csv', '-', ...sets({ ...tiny, ...more })]
  const { exit, out, err } = await ownPlan('performance-2').run(words, { env })
  const rows: readonly Record<string, string>[] = parse(out, { columns: true })
  const metrics = rows.filter(({ metric, unit }) => metric !== '' && metric !== 'duration' && unit !== '')
  return { exit, err, rows, metrics }
}

const each = (metric: string) => ['1', '2', '3', '5'].map((variant) => `${metric}[${variant}]`)
const speed = [...each('rate'), ...each('time'), 'one more variant']
const seen = [...speed, ...each('memory'), ...each('cpu'), ...each('written'), ...each('uploaded')]

test.skipIf(process.platform !== 'linux')('performance-2 gives each figure of stage 2 with its unit', async () => {
  const { exit, err, metrics } = await run({})
  expect(err).toContain('passed · 2 steps, 7 checks, 4 measures · ')
  expect(exit).toBe(0)
  expect(metrics.map(({ metric }) => metric)).toEqual(seen)
  const units = new Map(metrics.map(({ metric = '', unit }) => [metric.replace(/\[.*/, ''), unit]))
  expect(Object.fromEntries(units)).toEqual({
    ...{ rate: 'img/s', time: 's', 'one more variant': 's', memory: 'MB', cpu: '%' },
    ...{ written: 'MB/s', uploaded: 'MB/s' },
  })
  for (const { value, metric } of metrics) if (metric !== 'one more variant') expect(Number(value)).toBeGreaterThan(0)
})

const shm = '/dev/shm'
const inMemory = existsSync(shm) && statfsSync(shm).type === 0x01021994 // TMPFS_MAGIC, linux/magic.h

test.skipIf(!inMemory)("of somebody's stage what cannot be seen is skipped, with the reason", async () => {
  const rig = await startRig()
  try {
    const env = { ...plainPath, ...rig.store.environment }
    const { exit, err, metrics } = await run({ stage2: fixture('stage2', 'plain-log'), nvme: shm }, env)
    expect(err).toContain('NVME_ROOT is in memory (tmpfs), not on a disk')
    expect(err).toContain('the store keeps no account, and its log does not say')
    expect(exit).toBe(0)
    expect(metrics.map(({ metric }) => metric)).toEqual([...speed, ...each('memory'), ...each('cpu')])
  } finally {
    await rig.stop()
  }
})

test('a stage whose outputs are wrong fails without a number', async () => {
  const { exit, err, metrics } = await run({ stage2: fixture('stage2', 'inexact') })
  expect(err).toMatch(/✗ stage 2 wrote every size and a valid manifest/)
  expect(err).toContain('exact sizes are exact')
  expect(exit).toBe(1)
  expect(metrics).toEqual([])
})
