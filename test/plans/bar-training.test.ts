// Somebody's training that says nothing on PROGRESS_FD, under performance-1: what its log shows is measured, the rest skipped.

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { ownPlan, plainPath, sets } from './own-plans.ts'

setDefaultTimeout(120_000)
afterAll(removeRepositories)

const program = join(import.meta.dir, '../fixtures/bar-training.sh')

async function measured(images: string, batch = '') {
  const params = sets({ train: `sh '${program}' ${batch}`, counts: images, rounds: '1', instances: '1' })
  const words = ['plan', 'performance-1', '--csv', '-', ...params]
  const { exit, out, err } = await ownPlan('performance-1').run(words, { env: plainPath })
  const rows: readonly Record<string, string>[] = parse(out, { columns: true })
  const row = (metric: string) => rows.find((one) => one.metric === metric)
  return { exit, err, value: (metric: string) => Number(row(metric)?.value), metrics: rows.map(({ metric }) => metric) }
}

describe('a training that shows a bar of progress', () => {
  test('is timed by it, and what it does not show is skipped', async () => {
    const { exit, err, value, metrics } = await measured('3200')
    expect(err).toContain('timed by when it told of its steps')
    // A step of 32 images takes five milliseconds, and what starting a program does.
    expect(value('rate[1]')).toBeGreaterThan(320)
    expect(value('rate[1]')).toBeLessThan(6400)
    expect(value('time[1]') * value('rate[1]')).toBeCloseTo(98 * 32, 0)
    expect(value('memory[1]')).toBeGreaterThan(0)
    expect(metrics).not.toContain('waiting[1]')
    expect(err).toContain("it does not say 'step_seconds', 'data_seconds' and 'images' of its steps on PROGRESS_FD")
    expect(exit).toBe(0)
  })

  test.each([
    ['of few steps', '320', '', 'tells of 8 steps after its first two, where it takes 50 to time them by that'],
    ['that has batches of its own', '3200', '8', 'does 400 steps where 3200 images in batches of 32 are 100'],
  ])('%s is not timed, and it is said why', async (_, images, batch, why) => {
    const { exit, err, metrics } = await measured(images, batch)
    expect(err).toContain(why)
    expect(metrics).not.toContain('rate[1]')
    expect(metrics).toContain('memory[1]')
    expect(exit).toBe(0)
  })
})
