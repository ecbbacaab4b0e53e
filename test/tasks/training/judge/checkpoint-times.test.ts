import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkpointTimes, checkpointWords } from '../../../../tasks/training/judge/checkpoint-times.ts'

const folder = mkdtempSync(join(tmpdir(), 'assay-checkpoint-times-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function trained(name: string, lines: readonly object[]) {
  const series = join(folder, name)
  writeFileSync(series, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return { series }
}

test('are those of all trainings, with their interval where there are enough', () => {
  const saved = (seconds: number) => ({ event: 'checkpoint', step: 1, path: 'x', seconds })
  const one = trained('one', [{ event: 'step', step: 1 }, ...[0.01, 0.02, 0.03, 0.04].map(saved)])
  const other = trained('other', [
    { event: 'resumed', step: 1, path: 'x', seconds: 0.5 },
    ...[0.05, 0.06, 0.07].map(saved),
  ])
  const times = checkpointTimes([one, other])
  expect(times).toEqual({
    save: { n: 7, median: 0.04, low: expect.any(Number), high: expect.any(Number) },
    load: { n: 1, median: 0.5 },
  })
  expect(checkpointWords(times)).toMatch(/^saved in 40 ms \(n 7, [\d.]+ to [\d.]+\), loaded in 500 ms \(n 1\)$/)
})

test('are said to be unknown where no training tells them', () => {
  const silent = [trained('silent', [{ event: 'checkpoint', step: 1, path: 'x' }]), { series: join(folder, 'none') }]
  expect(checkpointWords(checkpointTimes(silent))).toBe('it does not say how long they take')
})
