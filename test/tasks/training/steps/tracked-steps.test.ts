import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeShown } from '../../../../tasks/training/judge/judge-shown.ts'
import { launchTraining, type TrainingRun } from '../../../../tasks/training/launch.ts'
import type { Shown } from '../../../../tasks/training/shown.ts'
import { parseProgress } from '../../../../tasks/training/steps/progress.ts'
import { lossKey } from '../../../../tasks/training/steps/tracked-steps.ts'
import { train, trainUntil } from '../../../../tasks/training/train.ts'
import { stepsOf } from '../../../../tasks/training/trained.ts'
import { python as mlflowPython, noMlflow, type RealServer, realServer } from '../../mlflow/real-server.ts'
import { refusal } from '../../mlflow/stand-ins.ts'
import { closedPort, serving, stopWrongServers } from '../../object-store/wrong-servers.ts'

setDefaultTimeout(120_000)
if (noMlflow !== undefined) console.warn(`skipped: steps read from a real MLflow: ${noMlflow}`)

const root = mkdtempSync(join(tmpdir(), 'assay-tracked-'))
afterAll(() => {
  stopWrongServers()
  rmSync(root, { recursive: true, force: true })
})

test.each([
  [['loss', 'train_loss', 'val_loss'], 'loss'],
  [['epoch', 'train/loss', 'Loss_total'], 'train/loss'],
  [['train_loss_epoch', 'train_loss_step'], 'train_loss_step'],
  [['loss/total', 'accuracy'], 'loss/total'],
  [['val_loss', 'eval/loss', 'test loss', 'best_loss', 'glossary', 'accuracy'], undefined],
])('of the metrics %p the loss is %p', (keys, loss) => expect(lossKey(keys)).toBe(loss))

let runs = 0
function launch(command: string, uri: string, changed: Partial<TrainingRun> = {}) {
  const folder = mkdtempSync(join(root, `${runs++}-`))
  const [logged, shown]: [string[], string[]] = [[], []]
  const env = {
    ...{ EPOCHS: '1', IMAGES_PER_NODE: '0', INSTANCE_COUNT: '1', INSTANCE_TYPE: 'local', DATASET_ID: 'digits' },
    ...{ PATH: process.env.PATH ?? '', NVME_ROOT: folder, MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: 'digits' },
  }
  const context = {
    ...{ signal: new AbortController().signal, folder },
    ...{ log: (line: string) => void logged.push(line), progress: (text: string) => void shown.push(text) },
  }
  return { ...launchTraining({ env, python: '', command, ...changed }, context), logged, shown }
}

/** Shows a run of each training as it comes, and one of before. */
function showing(values: readonly unknown[]) {
  const asked: string[] = []
  const began = Date.now()
  const point = (value: unknown, step: number) => ({ key: 'loss', value, step, timestamp: Date.now() + step })
  const run = (id: string, metrics: readonly object[]) => ({
    info: { run_id: id, experiment_id: '7', status: 'RUNNING' },
    data: { metrics },
  })
  const url = serving(async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    const call = pathname.replace('/api/2.0/mlflow/', '')
    asked.push(call)
    if (call === 'experiments/get-by-name') return Response.json({ experiment: { experiment_id: '7' } })
    if (call === 'runs/search')
      return Response.json({
        runs: [
          run('before', [{ key: 'loss', value: 7, step: 1, timestamp: began - 5000 }]),
          ...(values.length > 0 ? [run('now', [point(values.at(-1), values.length)])] : []),
        ],
      })
    const old = { key: 'loss', value: 8, step: 0, timestamp: began - 5000 }
    if (call === 'metrics/get-history' && searchParams.get('run_id') === 'now')
      return Response.json({ metrics: [old, ...values.map((value, at) => point(value, at + 1))].toReversed() })
    return refusal(404, 'RESOURCE_DOES_NOT_EXIST')
  })
  return { url, asked }
}

describe('a training that tells of no step', () => {
  test('is known by what MLflow shows of this sitting, and nothing is made there', async () => {
    const { url, asked } = showing([0.5, 'NaN', 1.7976931348623157e308])
    const { report, logged } = launch('true', url)
    expect(await report).toMatchObject({
      source: 'mlflow',
      steps: { count: 3, last: 3 },
      losses: [
        { step: 1, loss: 0.5 },
        { step: 2, loss: 'NaN' },
        { step: 3, loss: 'Infinity' },
      ],
      tracked: { run: 'now', experiment: '7', uri: url },
    })
    expect(logged).toContain('steps read from MLflow, run now')
    expect(new Set(asked)).toEqual(new Set(['experiments/get-by-name', 'runs/search', 'metrics/get-history']))
    const { series } = await report
    expect(
      readFileSync(series ?? '', 'utf8')
        .split('\n')
        .flatMap((line) => parseProgress(line) ?? []),
    ).toHaveLength(3)
  })

  test('is seen while it runs', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const running = launch('sleep 300', showing([0.5, 0.25]).url, {
      onLine: (line) => line.event === 'step' && line.step === 2 && resolve(),
    })
    await promise
    running.signal('SIGKILL')
    expect(await running.report).toMatchObject({ how: 'killed', source: 'mlflow', steps: { count: 2 } })
    expect(running.shown).toEqual(['step 1, loss 0.5000, read from MLflow', 'step 2, loss 0.2500, read from MLflow'])
  })

  test.each([
    ['shows nothing of it', () => showing([]).url, "MLflow shows no loss of it in experiment 'digits'"],
    ['is not there', closedPort, 'connection refused'],
  ])('is told to have none where MLflow %s', async (_, url, why) => {
    const { source, untracked, tracked } = await launch('true', url()).report
    expect([source, tracked, untracked.length]).toEqual(['nothing', undefined, 1])
    expect(untracked[0]).toContain(why)
  })
})

test.each([
  ['progress', `echo '{"event":"step","step":1,"loss":1}' >&3`],
  ['log', 'echo step 1 loss=1'],
] as const)('one that tells of its steps by its %s is believed', async (source, command) => {
  const { url, asked } = showing([0.5])
  const report = await launch(command, url).report
  expect([report.source, report.losses, asked]).toEqual([source, [{ step: 1, loss: 1 }], []])
})

test('what MLflow shows is not held against itself', () => {
  const series = join(root, 'told.jsonl')
  writeFileSync(series, '{"event":"step","step":1,"loss":1}\n')
  const shown: Shown = {
    ...{ experiment: '7', model: 'm', runs: 1, id: 'now', status: 'FINISHED', ended: true, params: {}, leftRunning: 0 },
    ...{ histories: { loss: [{ step: 1, value: 1 }] }, artifacts: [], versions: [] },
  }
  const told = { command: '', series, checkpoints: [], leftBehind: 0, untracked: [], pointsLost: 0 }
  const verdictFor = (source: 'mlflow' | 'log') => {
    const findings = judgeShown(shown, { ...told, source }, {})
    return findings.find(({ name }) => name === 'a metric has the history that the training reported')
  }
  expect(verdictFor('log')?.verdict).toBe('pass')
  expect(verdictFor('mlflow')).toMatchObject({ verdict: 'undecided', reason: expect.stringContaining('from MLflow') })
})

describe.skipIf(noMlflow !== undefined)('a training that logs to a real MLflow alone', () => {
  let server: RealServer | undefined
  beforeAll(async () => {
    server = await realServer()
  })
  afterAll(() => server?.end())

  const context = (name: string) => {
    const { signal } = new AbortController()
    return { signal, log: () => {}, progress: () => {}, folder: join(root, name), env: process.env }
  }
  const options = (steps: number, experiment: string) => ({
    python: '',
    command: `'${mlflowPython}' '${join(import.meta.dir, 'log_to_mlflow.py')}' ${steps}`,
    variables: { ...server?.client.environment, MLFLOW_EXPERIMENT_NAME: experiment, MLFLOW_DISABLE_TELEMETRY: 'true' },
  })

  test('has its steps, losses and learning rates', async () => {
    const trained = await train(options(10, 'whole'), context('whole'))
    expect(trained.source).toBe('mlflow')
    expect(stepsOf(trained).map(({ step, loss, lr }) => ({ step, loss, lr }))).toEqual(
      Array.from({ length: 10 }, (_, at) => ({ step: at + 1, loss: 1 / (at + 1), lr: 0.5 / (at + 1) })),
    )
  })

  test('can be interrupted at a step', async () => {
    const left = await trainUntil(options(2000, 'killed'), { signal: 'SIGKILL', at: 5 }, context('killed'))
    expect(left.how).toBe('killed')
  })
})
