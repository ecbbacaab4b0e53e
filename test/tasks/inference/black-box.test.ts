import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import sharp from 'sharp'
import { Failure, Problem } from '../../../lib/plan/problem.ts'
import { runInference } from '../../../tasks/inference/inference.ts'
import { judgeInference } from '../../../tasks/inference/judge.ts'
import type { InferenceRun } from '../../../tasks/inference/run.ts'
import type { S3 } from '../../../tasks/object-store/client.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import { type RunningServer, startEmbedded } from '../../servers.ts'
import { buckets } from './infer-rig.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(60_000)

let server: RunningServer
let s3: S3
beforeAll(async () => {
  server = await startEmbedded()
  s3 = connect(server.endpoint)
  for (const bucket of buckets) await s3.createBucket(bucket)
  const draw = sharp({ create: { width: 12, height: 8, channels: 3, background: 'teal' } })
  for (const name of ['a.png', 'deep/b.png', 'deep/ö 2.png']) {
    await s3.put('inference-input', `images/${name}`, await draw.clone().png().toBuffer())
  }
  await s3.put('inference-input', 'images/corrupt.png', 'no image')
  await s3.put('inference-input', 'images/notes.txt', 'no image either')
})
afterAll(() => server.stop())

let runs = 0
const quiet = { signal: new AbortController().signal, log: () => {}, progress: () => {} }

function inference(quirk: string, more: Partial<InferenceRun> = {}): InferenceRun {
  const classes = ['cat', 'dog']
  return {
    store: { s3, bucket: (role) => role, prefix: `run-${++runs}/` },
    input: { bucket: 'inference-input', prefix: 'images/' },
    model: { kind: 'registered', name: 'animals', environment: {}, version: '7', classes },
    python: '',
    command: `'${process.execPath}' '${join(import.meta.dir, '..', '..', 'fixtures', 'inference.ts')}' ${quirk}`,
    mode: 'poll',
    pollInterval: 0.05,
    waits: { first: 30, quiet: 1, deadline: 60, grace: 1 },
    ...more,
  }
}

async function failed(run: InferenceRun): Promise<string[]> {
  const findings = judgeInference(await runInference(run, quiet))
  return findings.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)
}

test('an inference that is none of ours passes every promise that it keeps', async () => {
  const report = await runInference(inference('none'), quiet)
  expect(judgeInference(report).filter(({ verdict }) => verdict !== 'pass')).toEqual([])
  expect(report.sources).toHaveLength(3)
  expect(report.corrupt).toEqual(['s3://inference-input/images/corrupt.png'])
})

test('once through, it ends by itself, and what its endpoint said is undecided', async () => {
  const report = await runInference(inference('none', { mode: 'once' }), quiet)
  expect(report.ended).toEqual({ stop: 'by itself', code: 0 })
  const verdicts = judgeInference(report).map(({ verdict }) => verdict)
  expect(verdicts).toEqual([...Array(5).fill('pass'), ...Array(6).fill('undecided')])
})

describe('a breach fails what it is a breach of', () => {
  test.each([
    ['forgets-one', ['every image has one prediction']],
    ['writes-lists', ['annotations are COCO', 'every image has one prediction']],
    ['forgets', ['counters equal what was done']],
    ['hides-errors', ['counters equal what was done']],
    ['serves-anything', ['nothing but metrics is served']],
    ['serves-nothing', ['metrics are served before and after', 'nothing but metrics is served']],
    ['ignores-sigterm', ['it polls until SIGTERM, then stops cleanly']],
    ['exits-5', ['it polls until SIGTERM, then stops cleanly']],
  ])('%s', async (quirk, promises) => {
    expect(await failed(inference(quirk))).toEqual(promises)
  })
})

describe('what can not be judged', () => {
  test('a crash is a failure, with the end of its log', async () => {
    const run = runInference(inference('crashes'), quiet)
    await expect(run).rejects.toThrow(/^the inference exited with 1\. Its log ends:[\s\S]*it was told to crash/)
    await expect(run).rejects.toBeInstanceOf(Failure)
  })

  test('one that does nothing is stopped and is a failure', async () => {
    const waits = { first: 0.5, grace: 1 }
    await expect(runInference(inference('does-nothing', { waits }), quiet)).rejects.toThrow(
      'the inference has predicted nothing in 0.5 seconds',
    )
  })

  test('no image is a failure that names the prefix', async () => {
    const run = inference('none', { input: { bucket: 'inference-input', prefix: 'nothing/' } })
    await expect(runInference(run, quiet)).rejects.toThrow('no image under s3://inference-input/nothing/')
  })

  test('a command that there is none of is a problem', async () => {
    const run = runInference(inference('none', { command: 'there-is-no-such-program' }), quiet)
    await expect(run).rejects.toBeInstanceOf(Problem)
  })

  test('a folder without a model is a problem, before anything starts', async () => {
    const model = { kind: 'folder', name: 'x', path: '/nowhere' } as const
    await expect(runInference(inference('none', { model }), quiet)).rejects.toThrow(
      "Cannot run the inference as 'model' must be a folder with model_info.json",
    )
  })
})

test('a step that is cut short ends it', async () => {
  const abort = new AbortController()
  const said: string[] = []
  const context = { ...quiet, signal: abort.signal, stopped: (how: string) => said.push(how) }
  const run = runInference(inference('none'), { ...context, progress: () => abort.abort(new Error('cut short')) })
  await expect(run).rejects.toThrow('cut short')
  expect(said).toHaveLength(1)
})
