import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeStage } from '../../../tasks/pipeline/judge.ts'
import { hiddenWork, tryStage } from '../../../tasks/pipeline/stage-trial.ts'
import { fixture, ground, quietContext, type Rig, startRig } from './stage-rig.ts'

setDefaultTimeout(120_000)

const disk = mkdtempSync(join(tmpdir(), 'assay-trial-'))
let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig.stop())
afterAll(() => rmSync(disk, { recursive: true, force: true }))

async function trial(command: string, account: 'kept' | 'none') {
  const run = await ground(rig, 'stage2')
  const { putEvents: _, ...without } = run.store
  const store = account === 'kept' ? run.store : without
  return tryStage('stage2', { ...run, command, store, nvme: disk }, quietContext())
}

const onDisk = process.platform === 'linux' && statfsSync(disk).type !== 0x01021994 // TMPFS_MAGIC, linux/magic.h

test.skipIf(!onDisk).each([
  ['our own stage', '', 'kept'],
  ['our own stage, by its log', '', 'none'],
  ["somebody's, by the store's account", fixture('stage2', 'plain-log'), 'kept'],
] as const)('of %s all is seen', async (_, command, account) => {
  const { report, sees } = await trial(command, account)
  expect(sees).toEqual({ end: true, resources: true, disk: true, uploads: true })
  expect(judgeStage(report).filter(({ verdict }) => verdict !== 'pass')).toEqual([])
})

test("of somebody's stage at a store without an account nobody sees how long an upload took", async () => {
  const { sees } = await trial(fixture('stage2', 'plain-log'), 'none')
  expect(sees.end).toBe(true)
  expect(sees.uploads).toStartWith('the store keeps no account, and its log does not say')
})

test('of a stage that only a signal ends nobody sees when it was done, nor what it took until then', async () => {
  const { report, sees } = await trial(fixture('stage2', 'signal-only'), 'kept')
  const end = 'it does not end by itself with MODE=once, so nobody can tell when it was done'
  expect(sees).toEqual({ end, resources: end, disk: end, uploads: end })
  expect(judgeStage(report).filter(({ verdict }) => verdict === 'fail')).toEqual([])
})

test('of a stage that leaves something wrong nothing is seen but that', async () => {
  const { report, sees } = await trial(fixture('stage2', 'inexact'), 'kept')
  expect(new Set(Object.values(sees))).toEqual(new Set(['what it left is wrong, and so has no speed']))
  expect(judgeStage(report).filter(({ verdict }) => verdict === 'fail')).toHaveLength(1)
})

test.skipIf(!onDisk)('what its processes wrote tells whether they work where they can be seen', async () => {
  const wrote = (written: number | undefined, staged: number, memory: number | undefined = 9) =>
    hiddenWork({ cpuSeconds: 1, memory, written }, staged, disk)
  expect(await wrote(100, 100)).toEqual({ resources: true, disk: true })
  const hidden = 'it works out of sight, as in a container: its processes wrote 4 of 100 bytes that came to NVME_ROOT'
  expect(await wrote(4, 100)).toEqual({ resources: hidden, disk: hidden })
  expect(await wrote(0, 0)).toEqual({ resources: true, disk: 'its processes wrote nothing to a disk' })
  const elsewhere = 'only Linux shows what a tree of processes takes'
  expect(await wrote(undefined, 100)).toEqual({ resources: elsewhere, disk: elsewhere })
  expect(await hiddenWork({ cpuSeconds: 1, memory: undefined, written: 100 }, 100, disk)).toEqual({
    resources: elsewhere,
    disk: elsewhere,
  })
})
