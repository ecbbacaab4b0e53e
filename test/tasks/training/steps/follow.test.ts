import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { followTraining, mostKept } from '../../../../tasks/training/steps/follow.ts'

const folder = mkdtempSync(join(tmpdir(), 'assay-follow-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')

test('of a training that tells of more steps than anybody asks for, so many are kept and the rest is counted', () => {
  const series = join(folder, 'log.jsonl')
  let heard = 0
  const follower = followTraining({ series, readLog: true, onLine: () => void heard++ })
  for (let step = 1; step <= mostKept + 1000; step++) follower.log(`step ${step} loss=0.5`)
  const { steps, left } = follower.heard()
  expect([steps.length, left, heard]).toEqual([mostKept, 1000, mostKept + 1000])
  expect(linesOf(series)).toHaveLength(mostKept)
})

test('the same of one that reports them', () => {
  const series = join(folder, 'progress.jsonl')
  const follower = followTraining({ series, readLog: false })
  const bytes = new TextEncoder().encode('{"event":"step","step":1}\n'.repeat(1000))
  for (let part = 0; part <= mostKept / 1000; part++) follower.progress(bytes)
  const { steps, left } = follower.heard()
  expect([steps.length, left, linesOf(series).length]).toEqual([mostKept, 1000, mostKept])
})
