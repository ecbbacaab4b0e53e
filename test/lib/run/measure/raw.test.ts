import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { lower, quantity } from '../../../../lib/plan/metric.ts'
import { Failure, Problem } from '../../../../lib/plan/problem.ts'
import { fileStore } from '../../../../lib/record/files.ts'
import { memoryStore } from '../../../../lib/record/memory.ts'
import { type RawSample, rawText } from '../../../../lib/run/measure/raw.ts'
import type { Series } from '../../../../lib/run/measure/series.ts'
import { rigFor } from '../../../rig.ts'

test('every sample is a line that a stranger reads, whatever it is called', () => {
  const series: Series = {
    ...{ name: 'a "b",\nc[x]', metric: 'a "b",\nc', variant: 'x', kind: 'sampled', samples: [] },
    definition: lower('µs, of one'),
  }
  const samples: RawSample[] = [
    { round: 0, at: 0.25, numbers: new Map([[series.name, 1e-9]]) },
    { round: 1, at: 1 / 3, numbers: new Map([[series.name, -2]]) },
  ]
  const common = { variant: 'x', metric: 'a "b",\nc', unit: 'µs, of one' }
  expect<unknown>(parse(rawText([series], samples), { columns: true })).toEqual([
    { round: '0', ...common, value: '1e-9', at_s: '0.250000' },
    { round: '1', ...common, value: '-2', at_s: '0.333333' },
  ])
})

test('what a measure took before its answer was wrong is kept, and nothing of a secret', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-raw-'))
  try {
    const rig = rigFor(
      (plan) => {
        plan.measure({
          ...{ name: 'm', metrics: { 'time of hunter2-hunter2': lower('s') }, warmup: 0 },
          run: (_, { round }) => {
            if (round === 3) throw new Failure('4 of 5 images were written')
            return { 'time of hunter2-hunter2': quantity(round, 's') }
          },
        })
      },
      {},
      fileStore(folder),
    )
    const result = await rig.run({ env: { MY_TOKEN: 'hunter2-hunter2' } })
    expect(rig.steps(result)[0]?.ended).toMatchObject({ outcome: 'failed', reason: '4 of 5 images were written' })
    const path = result.kind === 'ended' ? result.path : ''
    const rows: Record<string, string>[] = parse(readFileSync(join(path, 'steps/00-m/samples.csv')), { columns: true })
    expect(rows.map(({ round, value, metric }) => [round, value, metric])).toEqual([
      ['1', '1', 'time of ***'],
      ['2', '2', 'time of ***'],
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('samples that cannot be kept hide nothing of what went wrong', async () => {
  const store = memoryStore()
  const create: typeof store.create = (plan, run) => {
    const files = store.create(plan, run)
    const write: typeof files.write = () => {
      throw new Problem('no room is left')
    }
    return { ...files, write }
  }
  const rig = rigFor(
    (plan) => {
      plan.measure({
        ...{ name: 'm', metrics: { time: lower('s') }, warmup: 0 },
        run: (_, { round }) => {
          if (round === 3) throw new Failure('4 of 5 images were written')
          return { time: quantity(round, 's') }
        },
      })
    },
    {},
    { ...store, create },
  )
  const result = await rig.run()
  expect(rig.steps(result)[0]?.ended).toMatchObject({ outcome: 'failed', reason: '4 of 5 images were written' })
  expect(rig.events).toContainEqual({ event: 'log', step: 'm', line: 'no room is left' })
})
