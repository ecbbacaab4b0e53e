import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { launchTraining, type TrainingRun } from '../../../tasks/training/launch.ts'
import { TrainingReport } from '../../../tasks/training/report.ts'

setDefaultTimeout(60_000)

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'assay-training-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const quiet = { signal: new AbortController().signal, log: () => {}, progress: () => {} }

let runs = 0
/** A shell script in the place of a training. */
function launch(command: string, changed: Partial<TrainingRun> = {}, context = {}) {
  runs += 1
  const nvme = join(root, String(runs))
  mkdirSync(nvme)
  const env = { EPOCHS: '1', IMAGES_PER_NODE: '0', INSTANCE_COUNT: '1', INSTANCE_TYPE: 'local', DATASET_ID: 'digits' }
  const variables = { ...env, PATH: process.env.PATH ?? '', NVME_ROOT: nvme }
  return launchTraining(
    { env: variables, python: 'python-that-is-not-there', command, ...changed },
    { ...quiet, folder: nvme, ...context },
  )
}

describe('a training that reports', () => {
  test('is known by its lines, and its log is not asked', async () => {
    const heard: string[] = []
    const { report } = launch(
      `echo 'step 99 loss=99'
       echo '{"event":"started","steps":3}' >&$PROGRESS_FD
       for step in 1 2 3; do
         echo "{\\"event\\":\\"step\\",\\"step\\":$step,\\"loss\\":0.$step,\\"step_seconds\\":0.3,\\"data_seconds\\":0.1,\\"images\\":8,\\"memory_bytes\\":$step}" >&$PROGRESS_FD
       done
       mkdir -p $NVME_ROOT/output/checkpoint-3; echo weights > $NVME_ROOT/output/checkpoint-3/model.safetensors
       echo '{"event":"checkpoint","step":3,"path":"x","seconds":0.5}' >&3
       echo nonsense >&3; echo '{"event":"ended","how":"finished"}' >&3`,
      { onLine: (line) => heard.push(line.event) },
    )
    const seen = v.parse(TrainingReport, JSON.parse(JSON.stringify(await report)))
    expect(seen).toMatchObject({
      source: 'progress',
      how: 'finished',
      ended: { stop: 'by itself', code: 0 },
      steps: { count: 3, first: 1, last: 3, total: 3, medianSeconds: 0.3, images: 24, peakMemory: 3 },
      losses: [
        { step: 1, loss: 0.1 },
        { step: 2, loss: 0.2 },
        { step: 3, loss: 0.3 },
      ],
      saved: [{ step: 3, path: 'x', seconds: 0.5 }],
      unread: 1,
      torn: false,
    })
    expect(seen.steps?.dataShare).toBeCloseTo(1 / 3, 10)
    expect(seen.steps?.imagesPerSecond).toBeCloseTo(24 / 0.9, 10)
    expect(seen.checkpoints.map(({ step, files }) => ({ step, files }))).toEqual([
      { step: 3, files: [{ name: 'model.safetensors', bytes: 8 }] },
    ])
    // The step in the log may be read before the first one that is reported.
    expect(heard.filter((event) => event !== 'step')).toEqual(['started', 'checkpoint', 'ended'])
    expect(
      readFileSync(seen.series ?? '', 'utf8')
        .trim()
        .split('\n').length,
    ).toBe(6)
  })

  test('and dies over a line leaves the others', async () => {
    const { report } = launch(`echo '{"event":"step","step":1}' >&3; printf '{"event":"st' >&3; kill -KILL $$`)
    expect(await report).toMatchObject({
      how: 'killed',
      ended: { signal: 'SIGKILL' },
      steps: { count: 1 },
      torn: true,
      unread: 0,
    })
  })

  test('so many steps that their losses are in the series alone', async () => {
    const { report } = launch(`seq 1 500 | sed 's/.*/{"event":"step","step":&,"loss":1}/' >&3`)
    const { losses, series, steps } = await report
    expect(losses).toBeUndefined()
    expect(steps).toMatchObject({ count: 500, last: 500 })
    expect(
      readFileSync(series ?? '', 'utf8')
        .trim()
        .split('\n').length,
    ).toBe(500)
  })
})

test('a training that reports nothing is read from its log', async () => {
  const { report } = launch(`for step in 1 2 3; do echo "step $step/3 loss=0.$step"; done; echo "val loss=9"`)
  expect(await report).toMatchObject({
    source: 'log',
    how: 'finished',
    steps: { count: 3, last: 3 },
    losses: [
      { step: 1, loss: 0.1 },
      { step: 2, loss: 0.2 },
      { step: 3, loss: 0.3 },
    ],
  })
})

test('one that says nothing at all has no steps', async () => {
  const { steps, source, losses, series } = await launch('true').report
  expect({ steps, source, losses, series }).toEqual({
    steps: undefined,
    source: 'nothing',
    losses: [],
    series: undefined,
  })
})

describe('how it ended', () => {
  test.each([
    ['exit 0', 'finished'],
    ['exit 1', 'failed'],
    ['exit 143', 'stopped'],
    ['exit 130', 'stopped'],
    ['kill -KILL $$', 'killed'],
    ['kill -SEGV $$', 'killed'],
    // torchrun says 1 of a training that stopped as it should.
    [`echo '{"event":"ended","how":"stopped"}' >&3; exit 1`, 'stopped'],
    [`echo '{"event":"ended","how":"refused","reason":"no"}' >&3; exit 2`, 'refused'],
    [`echo '{"event":"ended","how":"finished"}' >&3; exit 1`, 'failed'],
  ] as const)('%s: %s', async (command, how) => {
    expect((await launch(command).report).how).toBe(how)
  })

  test('it may save something when it is told to stop', async () => {
    const saving = `trap 'echo "{\\"event\\":\\"checkpoint\\",\\"step\\":1,\\"path\\":\\"x\\"}" >&3; exit 143' TERM
      echo '{"event":"step","step":1}' >&3; while :; do sleep 0.01; done`
    const { promise, resolve } = Promise.withResolvers<void>()
    const running = launch(saving, { onLine: () => resolve() })
    await promise
    expect(await running.stop()).toBe('term')
    expect(await running.report).toMatchObject({
      how: 'stopped',
      ended: { stop: 'term', code: 143 },
      saved: [{ step: 1 }],
    })
  })

  test('a signal goes to all of it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const running = launch(`sleep 300 & echo '{"event":"step","step":1}' >&3; wait`, { onLine: () => resolve() })
    await promise
    running.signal('SIGKILL')
    expect(await running.report).toMatchObject({ how: 'killed', ended: { stop: 'by itself', signal: 'SIGKILL' } })
  })

  test('cancelled work rejects with its reason', async () => {
    const stop = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    const command = `echo '{"event":"step","step":1}' >&3; sleep 300`
    const running = launch(command, { onLine: () => resolve() }, { signal: stop.signal })
    await promise
    stop.abort(new Error('enough'))
    await expect(running.report).rejects.toThrow('enough')
  })
})

test('a command that is not there can not be started', async () => {
  await expect(launch('nosuch-training --fast').report).rejects.toThrow("Cannot start a program as 'command' must be")
})

test('wrong variables are refused before anything starts', () => {
  const start = () => launch('touch $NVME_ROOT/started', { env: { EPOCHS: '0' } })
  expect(start).toThrow("Cannot start the training as 'EPOCHS' must be a whole number from 1")
})
