import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { Failure, Problem } from '../../../lib/plan/problem.ts'
import { parseSizes } from '../../../tasks/images/sizes.ts'
import { runStage, type StageName, StageReport } from '../../../tasks/pipeline/black-box.ts'
import { judgeStaging } from '../../../tasks/pipeline/judge-staging.ts'
import { limiter } from '../../../tasks/pipeline/stage/bounded.ts'
import { fixture, ground, judgeAll, pythonStage, quietContext, type Rig, startRig } from './stage-rig.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

let rig: Rig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(() => rig.stop())

// These tests mostly wait for a stage. Four at once leave the machine, and the watch over their files, room to breathe.
const atOnce = limiter(4)

async function verdicts(stage: StageName, command: string) {
  const findings = await atOnce(async () => judgeAll(stage, { ...(await ground(rig, stage)), command }))
  const named = (verdict: string) => findings.filter((finding) => finding.verdict === verdict).map(({ name }) => name)
  return { failed: named('fail'), undecided: named('undecided'), passed: named('pass').length }
}

const everything = { failed: [], undecided: [] }

describe('a healthy stage passes every check, however it differs from ours', () => {
  test.concurrent.each([
    ['as plain as it can be', 'stage2', 'none', 17],
    ['with a manifest per object', 'stage2', 'manifest-per-object', 17],
    ['that deletes its staged input when done', 'stage2', 'deletes-input', 17],
    ['that ends only by a signal', 'stage2', 'signal-only', 17],
    ['of the first kind', 'stage1', 'none', 14],
  ] as const)('%s', async (_what, stage, quirk, passed) => {
    expect(await verdicts(stage, fixture(stage, quirk))).toEqual({ ...everything, passed })
  })

  test.skipIf(Bun.which('python3') === null)('in Python, with a log and account of its own', async () => {
    expect(await verdicts('stage1', pythonStage())).toEqual({ ...everything, passed: 14 })
  })

  test.concurrent('that prints two hundred megabytes first', async () => {
    const command = `head -c 200000000 /dev/zero >&2; echo >&2; exec ${fixture('stage2')}`
    expect(await verdicts('stage2', command)).toEqual({ ...everything, passed: 17 })
  })
})

describe('a breach fails the check it is a breach of, and no other', () => {
  test.concurrent.each([
    ['plain-log', 'the log names path, URI, bytes and SHA-256 of every file'],
    ['logs-other-paths', 'the log names path, URI, bytes and SHA-256 of every file'],
    ['no-manifest', 'manifests follow their schema'],
    ['not-json', 'manifests follow their schema'],
    ['leaves-one-out', 'manifests name every source and output once'],
    ['names-twice', 'manifests name every source and output once'],
    ['wrong-dimensions', 'manifests give true width, height and variant'],
    ['wrong-variant', 'manifests give true width, height and variant'],
    ['drops-one-image', 'every expected object exists'],
    ['names-what-is-not-there', 'every expected object exists'],
    ['corrupts', 'every object decodes'],
    ['flat-keys', 'every variant has a prefix of its own'],
    ['enlarges', 'presets keep the aspect and never enlarge'],
    ['inexact', 'exact sizes are exact'],
    ['repeats', 'a second pass processes nothing twice'],
    ['once-only', 'it polls until SIGTERM, then stops cleanly'],
    ['ignores-sigterm', 'it polls until SIGTERM, then stops cleanly'],
    ['exits-5-on-sigterm', 'it polls until SIGTERM, then stops cleanly'],
    ['misses-late', 'an image put in while it polls is picked up'],
    ['never-stages', 'every image is staged under NVME_ROOT/input'],
    ['never-writes', 'every result is written under NVME_ROOT/output'],
    ['local-differs', 'results on local disk equal the objects in bytes and SHA-256'],
    ['uploads-first', 'every result is on local disk before its upload'],
    ['no-capacity-check', 'too little capacity is refused before anything is read'],
  ])('%s: %s', async (quirk, promise) => {
    expect((await verdicts('stage2', fixture('stage2', quirk))).failed).toEqual([promise])
  })
})

describe('where a store keeps no account of its puts, listings tell the order as far as they can', () => {
  const order = 'every result is on local disk before its upload'
  test.each([
    ['uploads-first', ['fail']],
    ['uploads-late', ['pass']],
    // A listing may happen to fall between a file and its upload, for each of three.
    ['none', ['undecided', 'pass']],
  ] as const)('%s: %s', async (quirk, verdicts) => {
    const { store, ...run } = await ground(rig, 'stage2')
    const { putEvents: _, ...elsewhere } = store
    const slow = { ...run, store: elsewhere, sizes: parseSizes('64x48'), variables: { UPLOAD_GAP: '400' } }
    const report = await runStage(
      'stage2',
      { ...slow, command: fixture('stage2', quirk), mode: 'poll' },
      quietContext(),
    )
    expect(verdicts.map(String)).toContain(judgeStaging(report).find(({ name }) => name === order)?.verdict ?? '')
  })
})

test('as many images as were asked for do not make up for a size that is missing', async () => {
  const findings = await judgeAll('stage2', {
    ...(await ground(rig, 'stage2')),
    command: fixture('stage2', 'one-size-twice'),
  })
  expect(findings.find(({ name }) => name === 'every expected object exists')).toMatchObject({
    verdict: 'fail',
    actual: '64x48: 0 of 3',
  })
})

describe('a stage that does not get anywhere is failed, with the last lines of its log', () => {
  test.concurrent.each([
    [
      'fails every image and polls on',
      fixture('stage2', 'fails-every-image'),
      5,
      /has made nothing of 3 images in 5 seconds\. Its log ends:\n.*cannot decode/s,
    ],
    [
      'crashes at import',
      `'${process.execPath}' -e "await import('nowhere')"`,
      30,
      /^stage2 exited with 1\. Its log ends:\n.*nowhere/s,
    ],
    ['exits 3', 'echo one; echo two >&2; exit 3', 30, /^stage2 exited with 3\. Its log ends:\n(one\ntwo|two\none)$/],
    [
      'exits 0 and did nothing',
      'true',
      30,
      /^stage2 has made nothing of 3 images and ended by itself with 0 after \d\.\d seconds\. It has logged nothing\.$/,
    ],
    ['hangs', 'sleep 1000', 0.5, /^stage2 has made nothing of 3 images in 0.5 seconds\. It has logged nothing\.$/],
    ['is killed by somebody else', 'kill -SEGV $$', 30, /^stage2 was ended by SIGSEGV\./],
  ])('it %s', async (_what, command, first, sentence) => {
    const run = await ground(rig, 'stage2')
    const ended = runStage('stage2', { ...run, command, mode: 'poll', waits: { ...run.waits, first } }, quietContext())
    const error = await ended.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Failure)
    expect(error instanceof Error && error.message).toMatch(sentence)
  })

  test('it is never done', async () => {
    const run = await ground(rig, 'stage2')
    const command = `(while :; do touch "$NVME_ROOT/input/$RANDOM$RANDOM"; sleep 0.02; done) & exec ${fixture('stage2', 'no-manifest')}`
    const waits = { ...run.waits, deadline: 3 }
    const ended = runStage('stage2', { ...run, command, mode: 'poll', waits }, quietContext())
    expect(ended).rejects.toThrow('stage2 is not done after 3 seconds. Its log ends:')
    await ended.catch(() => {})
  })

  test('one whose program does not exist is a Problem and no Failure', async () => {
    const run = await ground(rig, 'stage2')
    const ended = runStage('stage2', { ...run, command: 'nosuch-stage --now', mode: 'poll' }, quietContext())
    const error = await ended.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Problem)
    expect(error).not.toBeInstanceOf(Failure)
    expect(String(error)).toContain(
      "Cannot start a program as 'command' must be one that exists and can be run: current value is nosuch-stage --now (nosuch-stage: ",
    )
  })
})

describe('a run of a stage', () => {
  test('waits longer for a stage that takes longer for each image', async () => {
    const run = await ground(rig, 'stage2')
    const waits = { ...run.waits, quiet: 0.5 }
    const report = await runStage(
      'stage2',
      { ...run, waits, command: fixture('stage2', 'slow'), mode: 'poll' },
      quietContext(),
    )
    expect(report.outputs.length).toBe(9)
  })

  test('leaves nothing in the temporary folder and gives a report that is JSON', async () => {
    const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`assay-stage1-`))
    const before = left()
    const run = await ground(rig, 'stage1')
    const report = await runStage('stage1', { ...run, command: fixture('stage1'), mode: 'once' }, quietContext())
    expect(v.parse(StageReport, JSON.parse(JSON.stringify(report)))).toEqual(report)
    expect(report.ended).toEqual({ stop: 'by itself', code: 0 })
    expect(left()).toEqual(before)
  })

  test("stages in its step's folder, where it clears away what a killed run left", async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'assay-step-')))
    await Bun.write(join(folder, 'stage1/nvme/output/left.png'), 'half')
    const run = await ground(rig, 'stage1')
    const command = `ls "$NVME_ROOT/output" > '${folder}/seen'; echo "$NVME_ROOT" >> '${folder}/seen'; ${fixture('stage1')}`
    await runStage('stage1', { ...run, command, mode: 'once' }, { ...quietContext(), folder })
    expect(await Bun.file(join(folder, 'seen')).text()).toBe(`${folder}/stage1/nvme\n`)
    expect(readdirSync(folder).sort()).toEqual(['seen', 'stage1.log'])
    await rm(folder, { recursive: true })
  })

  test('is cancelled by its signal, its stage with it', async () => {
    const run = await ground(rig, 'stage2')
    const stop = new AbortController()
    const reason = new Error('timed out')
    const context = { ...quietContext(stop.signal), log: (line: string) => line === 'up' && stop.abort(reason) }
    const ended = runStage('stage2', { ...run, command: 'echo up; sleep 1000', mode: 'poll' }, context)
    expect(await ended.catch((error: unknown) => error)).toBe(reason)
  })

  test('starts on clean ground when an attempt before it was cut short', async () => {
    const run = await ground(rig, 'stage1')
    await run.store.s3.put('augmented', `${run.store.prefix}augmented/half.png`, 'half')
    const report = await runStage('stage1', { ...run, command: fixture('stage1'), mode: 'once' }, quietContext())
    expect(report.output).toEqual({ bucket: 'augmented', prefix: `${run.store.prefix}augmented-2/` })
    expect(report.outputs.length).toBe(6)
  })

  test('shows how far it is', async () => {
    const run = await ground(rig, 'stage2')
    const shown: string[] = []
    const foreign: string[] = []
    const context = {
      ...quietContext(),
      progress: (text: string) => shown.push(text),
      foreign: (command: string) => void foreign.push(command),
    }
    await runStage('stage2', { ...run, command: fixture('stage2'), mode: 'poll' }, context)
    expect(foreign).toEqual([fixture('stage2')])
    expect(shown[0]).toBe('0 of 9 objects')
    expect(shown.at(-2)).toBe('9 of 9 objects')
    expect(shown.at(-1)).toBe('3 → 9 images')
  })
})
