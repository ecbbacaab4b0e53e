import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TrainingReport } from '../../../tasks/training/report.ts'
import { longPython } from '../../python-environments.ts'
import { type ForkedJob, type Left, type TrainRig, trainRig, type Variables } from './train-rig.ts'

setDefaultTimeout(600_000)

const python = await longPython('train')
if ('unavailable' in python) console.warn(`skipped: the reference training: ${python.unavailable}`)

const defects = ['skip-model', 'skip-batchnorm', 'skip-optimizer', 'skip-scheduler', 'skip-sampler', 'skip-rng']

/** In half precision the scaler has something to do, and steps take long enough for a signal to come between two checkpoints. */
const half = { PRECISION: 'fp16', SCALER_GROWTH: '5' }

describe.skipIf('unavailable' in python)('the reference training', () => {
  let root = ''
  let rig: TrainRig
  let killed: TrainingReport
  let torchrun: TrainingReport
  let terminated: TrainingReport
  let interrupted: TrainingReport
  const left = new Map<string, Left>()
  const one = (name: string): Left => {
    const found = left.get(name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found
  }

  /** Starts it and does something to it once it has come to a step. */
  const launchUntil = (
    step: number,
    out: string,
    act: (running: ReturnType<TrainRig['launch']>) => void,
    run: Parameters<TrainRig['launch']>[1] = {},
  ) => {
    const running = rig.launch(out, {
      ...run,
      variables: { ...half, ...run.variables },
      onLine: (line) => {
        if (line.event === 'step' && line.step === step) act(running)
      },
    })
    return running.report
  }

  beforeAll(async () => {
    if ('unavailable' in python) return
    root = mkdtempSync(join(tmpdir(), 'assay-train-'))
    rig = trainRig(python.path, root)
    const broken = rig.folder('killed')
    killed = await launchUntil(20, broken, (running) => running.signal('SIGKILL'))
    const told = rig.folder('told')
    terminated = await launchUntil(10, told, (running) => void running.stop())
    interrupted = await launchUntil(20, told, (running) => running.signal('SIGINT'), { resume: 'latest' })
    const pair = rig.folder('torchrun')
    torchrun = await launchUntil(20, pair, (running) => running.signal('SIGKILL'), {
      variables: { INSTANCE_COUNT: '2' },
    })

    const damaged = newest(rig.copy(broken, 'damaged'))
    flipByte(join(damaged, 'optimizer.bin'))
    truncateSync(join(newest(rig.copy(broken, 'torn')), 'trainer.json'), 100)
    const latest = { ...half, RESUME: 'latest' }
    const late = join(root, 'unbroken', 'checkpoint-32')
    const lateHalf = join(root, 'unbroken, half', 'checkpoint-32')
    const at = (name: string, variables: Variables = {}): ForkedJob => ({ out: rig.folder(name), variables })
    const jobs: Record<string, ForkedJob> = {
      unbroken: at('unbroken'),
      again: at('again'),
      'without validation': at('without validation', { VALIDATE: 'no' }),
      'with a worker': at('with a worker', { WORKERS: '1' }),
      'validation that trains': at('validation that trains', { ASSAY_DEFECT: 'validation-trains' }),
      'nothing to resume, MLflow dead': at('dead', { RESUME: 'latest', MLFLOW_TRACKING_URI: 'http://127.0.0.1:9' }),
      'changed setting': at('changed setting', { RESUME: late, BATCH_SIZE: '8' }),
      'not resumed': { out: join(root, 'unbroken') },
      'all torn': at('all torn', { ASSAY_DEFECT: 'tear-checkpoints' }),
      'all torn and resumed': at('all torn', { RESUME: 'latest' }),
      'no room': { ...at('no room', { RESUME: late, KEEP_CHECKPOINTS: '1' }), fileLimit: 20_000 },
      'unbroken, half': at('unbroken, half', half),
      'killed and resumed': { out: broken, variables: latest },
      'told twice and resumed': { out: told, variables: latest },
      'damaged newest': { out: join(root, 'damaged'), variables: latest },
      'torn newest': { out: join(root, 'torn'), variables: latest },
      'damaged, by path': at('damaged, by path', {
        ...half,
        RESUME: join(root, 'damaged', `damaged-${basename(damaged)}`),
      }),
      'two unbroken': { ...at('two', { ...half, INSTANCE_COUNT: '2' }), ranks: 2 },
      'two killed and resumed': { out: pair, variables: { ...latest, INSTANCE_COUNT: '2' }, ranks: 2 },
      ...Object.fromEntries(
        [...defects, 'none'].map((defect) => [
          defect,
          at(defect, { RESUME: late, ...(defect !== 'none' && { ASSAY_DEFECT: defect }) }),
        ]),
      ),
      'skip-scaler': at('skip-scaler', { ...half, RESUME: lateHalf, ASSAY_DEFECT: 'skip-scaler' }),
      'none, half': at('none, half', { ...half, RESUME: lateHalf }),
    }
    const results = await rig.forked(Object.values(jobs))
    for (const [index, name] of Object.keys(jobs).entries()) left.set(name, results[index] ?? one('nothing'))
  })
  afterAll(() => root && rmSync(root, { recursive: true, force: true }))

  const resumed = ({ events }: Left) => events.find((line) => line.event === 'resumed')?.step
  const said = ({ events }: Left) => events.findLast((line) => line.event === 'ended')
  /** What it did of each step, as numbers that follow from its state alone. */
  const curve = ({ steps }: Left, from = 0) =>
    steps.flatMap(({ step, epoch, loss, lr }) => (step > from ? [{ step, epoch, loss, lr }] : []))
  /** Whether a training that went on came to the same as the unbroken one, by its weights and by each of its steps. */
  const equals = (name: string, unbroken = 'unbroken') => ({
    weights: one(name).weights !== undefined && one(name).weights === one(unbroken).weights,
    steps: Bun.deepEquals(curve(one(name)), curve(one(unbroken), resumed(one(name)))),
  })
  const same = { weights: true, steps: true }

  test('does the same twice', () => {
    expect(one('unbroken').code).toBe(0)
    expect(curve(one('unbroken')).map(({ step }) => step)).toEqual(Array.from({ length: 48 }, (_, at) => at + 1))
    expect(equals('again')).toEqual(same)
  })

  test('learns', () => {
    const losses = one('unbroken').steps.map(({ loss }) => Number(loss))
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(losses.slice(-6))).toBeLessThan(0.8 * mean(losses.slice(0, 6)))
  })

  test('saves every eighth step with all its files, and keeps the last three', () => {
    const { events, out } = one('unbroken')
    const saved = events.flatMap((line) => (line.event === 'checkpoint' ? [line.step] : []))
    expect(saved).toEqual([8, 16, 24, 32, 40, 48])
    const kept = readdirSync(out).sort()
    expect(kept).toEqual(['checkpoint-32', 'checkpoint-40', 'checkpoint-48', 'model.safetensors', 'model_info.json'])
    expect(readdirSync(join(out, 'checkpoint-48')).sort()).toEqual([
      'model.safetensors',
      'optimizer.bin',
      'random_states_0.pkl',
      'sampler.bin',
      'scaler.pt',
      'scheduler.bin',
      'trainer.json',
    ])
  })

  test('validation and workers that load images change nothing', () => {
    expect(equals('without validation')).toEqual(same)
    expect(equals('with a worker')).toEqual(same)
    expect(equals('validation that trains')).toEqual({ weights: false, steps: false })
  })

  test('killed between checkpoints it goes on bit for bit', () => {
    expect(killed).toMatchObject({ how: 'killed', ended: { signal: 'SIGKILL' }, source: 'progress' })
    const last = killed.saved.at(-1)?.step
    expect(killed.steps?.last).toBeGreaterThanOrEqual(20)
    expect(resumed(one('killed and resumed'))).toBe(last ?? 0)
    expect(equals('killed and resumed', 'unbroken, half')).toEqual(same)
  })

  test('told to stop it saves the step it is at, and goes on from there', () => {
    expect(terminated).toMatchObject({ how: 'stopped', ended: { stop: 'term', code: 143 } })
    expect(terminated.saved.at(-1)?.step).toBe(terminated.steps?.last ?? 0)
    expect(interrupted).toMatchObject({ how: 'stopped', ended: { stop: 'by itself', code: 130 } })
    expect(interrupted.resumed?.step).toBe(terminated.steps?.last ?? 0)
    expect(interrupted.steps?.first).toBe((terminated.steps?.last ?? 0) + 1)
    expect(resumed(one('told twice and resumed'))).toBe(interrupted.steps?.last ?? 0)
    expect(equals('told twice and resumed', 'unbroken, half')).toEqual(same)
  })

  test('a damaged newest checkpoint is set aside, and the one before it used', () => {
    for (const [name, reason] of [
      ['damaged newest', 'optimizer.bin is not what was saved'],
      ['torn newest', 'JSONDecodeError'],
    ] as const) {
      const refused = one(name).events.filter((line) => line.event === 'checkpoint refused')
      expect(refused.map((line) => line.reason)).toEqual([expect.stringContaining(reason)])
      expect(resumed(one(name))).toBe((killed.saved.at(-1)?.step ?? 0) - 8)
      expect(equals(name, 'unbroken, half')).toEqual(same)
    }
    expect(one('all torn and resumed').events.filter((line) => line.event === 'checkpoint refused').length).toBe(3)
    expect(resumed(one('all torn and resumed'))).toBeUndefined()
    expect(equals('all torn and resumed')).toEqual(same)
    const named = one('damaged, by path')
    expect(named.code).toBe(2)
    expect(said(named)?.reason).toContain("Cannot resume as 'RESUME' must be latest, or a checkpoint that is whole")
  })

  test('a disk that takes no more leaves nothing half saved', () => {
    const full = one('no room')
    expect(full.code).toBe(2)
    const rule = "Cannot save a checkpoint as 'TRAINING_OUT' must be a folder with room to write in"
    expect(said(full)?.reason).toContain(rule)
    expect(readdirSync(full.out)).toEqual([])
  })

  test('it is not resumed as another training, and does not begin over the checkpoints of one', () => {
    expect(said(one('changed setting'))?.reason).toContain("Cannot resume as 'BATCH_SIZE' must be 16, as checkpoint-")
    expect(said(one('not resumed'))?.reason).toContain(
      "Cannot start a training as 'TRAINING_OUT' must be a folder without",
    )
    expect(one('not resumed').code).toBe(2)
  })

  test('with nothing to resume it begins; a dead MLflow changes nothing, and is said', () => {
    const begun = one('nothing to resume, MLflow dead')
    expect(resumed(begun)).toBeUndefined()
    expect(equals('nothing to resume, MLflow dead')).toEqual(same)
    const failed = begun.events.filter((line) => line.event === 'tracking failed')
    expect(failed.map(({ what, reason }) => `${what}: ${reason}`)).toEqual([
      expect.stringMatching(/^start http:\/\/127\.0\.0\.1:9: http:\/\/127\.0\.0\.1:9 can't be reached/),
    ])
  })

  test('two processes under torchrun, killed with it, go on bit for bit', () => {
    expect(torchrun).toMatchObject({ how: 'killed', source: 'progress' })
    expect(torchrun.checkpoints.at(-1)?.files.map(({ name }) => name)).toContain('random_states_1.pkl')
    expect(torchrun.steps?.images).toBe(32 * (torchrun.steps?.count ?? 0))
    expect(resumed(one('two killed and resumed'))).toBe(torchrun.saved.at(-1)?.step ?? 0)
    expect(equals('two killed and resumed', 'two unbroken')).toEqual(same)
  })

  test('each thing that is not restored is seen', () => {
    const rows = [...defects, 'skip-scaler'].map((defect) => {
      const unbroken = defect === 'skip-scaler' ? 'unbroken, half' : 'unbroken'
      const [whole, other] = [curve(one(unbroken), 32), curve(one(defect))]
      const differs = whole.find((step, index) => !Bun.deepEquals(step, other[index]))?.step ?? 'none'
      const { weights, steps } = equals(defect, unbroken)
      return { defect, 'same weights': weights, 'same steps': steps, 'first step that differs': differs }
    })
    console.log(Bun.inspect.table(rows))
    expect(rows.map((row) => row['same weights'])).toEqual(Array.from({ length: 7 }, () => false))
    // And nothing is seen where all is restored.
    expect([resumed(one('none')), resumed(one('none, half'))]).toEqual([32, 32])
    expect([equals('none'), equals('none, half', 'unbroken, half')]).toEqual([same, same])
  })
})

function newest(out: string): string {
  const names = readdirSync(out).filter((name) => name.startsWith('checkpoint-'))
  return join(out, names.toSorted((a, b) => Number(a.slice(11)) - Number(b.slice(11))).at(-1) ?? '')
}

function flipByte(file: string): void {
  const bytes = readFileSync(file)
  const middle = bytes.length >> 1
  bytes[middle] = 255 - (bytes[middle] ?? 0)
  writeFileSync(file, bytes)
}
