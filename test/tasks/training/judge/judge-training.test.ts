import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeRepeat, judgeTraining } from '../../../../tasks/training/judge/judge-resume.ts'
import { judgeShown } from '../../../../tasks/training/judge/judge-shown.ts'
import type { Shown } from '../../../../tasks/training/shown.ts'
import type { Trained } from '../../../../tasks/training/trained.ts'

const folder = mkdtempSync(join(tmpdir(), 'assay-judge-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A training of forty steps with these losses. */
function trained(
  name: string,
  loss: (step: number) => number | 'NaN' | 'Infinity' | undefined,
  more: Partial<Trained> = {},
): Trained {
  const series = join(folder, name)
  const lines = Array.from({ length: 40 }, (_, at) => ({ event: 'step', step: at + 1, loss: loss(at + 1) }))
  writeFileSync(series, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const whole = { leftBehind: 0, untracked: [], pointsLost: 0 }
  return { command: 'x', source: 'progress', series, checkpoints: [], ...whole, ...more }
}

const falling = (step: number) => 1 / step
const asked = { steps: 40, every: 8 }
const shown = (histories: Shown['histories']): Shown => ({
  ...{ experiment: 'e', model: 'm', runs: 1, id: 'r', status: 'FINISHED', ended: true, params: {}, leftRunning: 0 },
  ...{ histories, artifacts: [{ path: 'model/model.safetensors', size: 9 }] },
  versions: [{ model: 'm', version: '1', status: 'READY', source: 's' }],
})
const history = (value: (step: number) => number) =>
  Array.from({ length: 40 }, (_, at) => ({ step: at + 1, value: value(at + 1) }))
const wrong = (findings: ReturnType<typeof judgeShown>) =>
  findings.flatMap((found) => (found.verdict === 'pass' ? [] : [`${found.name}: ${found.reason}`]))

test('what MLflow shows is the training, where all is well', () => {
  const system = { 'system/cpu_utilization_percentage': [{ step: 1, value: 50 }] }
  expect(wrong(judgeShown(shown({ loss: history(falling), ...system }), trained('well', falling), {}))).toEqual([])
})

test('why MLflow shows nothing is told in the words of the training', () => {
  const untracked = ['send metrics to x: 503', 'send the model to x: 507']
  const judged = (more: Partial<Trained>) =>
    wrong(judgeShown(shown({ loss: history(falling) }), trained('untold', falling, more), {}))
  expect(judged({ untracked })[0]).toBe('the training could tell MLflow of itself: send the model to x: 507')
  expect(judged({ untracked: untracked.slice(0, 1) })[0]).toStartWith(
    'system metrics are of this world: the run shows no',
  )
  expect(judged({ untracked, pointsLost: 7 })[0]).toEndWith(
    'send metrics to x: 503; send the model to x: 507; 7 points of metrics were lost',
  )
})

test('a loss that is no number is told, and MLflow shows it as it can', () => {
  const lost = trained('lost', (step) => (step < 20 ? 1 / step : step < 30 ? 'Infinity' : 'NaN'))
  const history20 = (infinite: number) => history((step) => (step < 20 ? 1 / step : step < 30 ? infinite : Number.NaN))
  for (const infinite of [Number.POSITIVE_INFINITY, Number.MAX_VALUE])
    expect(wrong(judgeShown(shown({ loss: history20(infinite) }), lost, {}))[0]).toBe(
      'every loss is a number: it is Infinity at step 20',
    )
  expect(wrong(judgeShown(shown({ loss: history20(7) }), lost, {})).join('\n')).toContain(
    'of 40 steps, 10 differ in loss',
  )
})

test('system metrics that can not be are told', () => {
  const odd = { loss: history(falling), 'system/cpu_utilization_percentage': [{ step: 1, value: 140 }] }
  expect(wrong(judgeShown(shown(odd), trained('odd', falling), {}))).toEqual([
    'system metrics are of this world: system/cpu_utilization_percentage is 140',
  ])
})

test('a training that tells no losses is not one whose loss is no number', () => {
  const found = judgeTraining(
    trained('silent', () => undefined),
    asked,
    [],
  ).find(({ name }) => name === 'the loss falls')
  expect(found?.verdict).toBe('undecided')
})

test('images that were left out, and processes that were left behind, are told', () => {
  const more = { leftBehind: 2, leftOut: { images: 3, first: "s3://a/torn.jpg: it can't be decoded" } }
  const findings = wrong(judgeTraining(trained('left', falling, more), asked, []))
  expect(findings).toContain(
    "every image could be used: 3 could not, the first as s3://a/torn.jpg: it can't be decoded",
  )
  expect(findings).toContain('it leaves no process behind: 2 still ran, and were ended')
})

test('a training that does not do the steps it is asked for is told', () => {
  const told = (name: string, steps: number, every = 1) => {
    const one = trained(name, falling)
    const lines = Array.from({ length: 40 / every }, (_, at) => ({ event: 'step', step: (at + 1) * every, loss: 1 }))
    writeFileSync(one.series, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    return wrong(judgeTraining(one, { steps, every: 8 }, [])).find((words) => words.includes('as many steps'))
  }
  expect(told('as asked', 40)).toBeUndefined()
  expect(told('of few lines', 49, 10)).toBeUndefined()
  const words = 'it does as many steps as it is asked to: the last one it tells of is 40, STEPS was'
  expect(told('too few', 48)).toBe(`${words} 48`)
  expect(told('too many', 39)).toBe(`${words} 39`)
})

test('weights are not readable where there are none that are looked at', () => {
  const checkpoints = [{ step: 40, path: join(folder, 'checkpoint-40'), files: [{ name: 'state.pt', bytes: 9 }] }]
  expect(wrong(judgeTraining(trained('elsewhere', falling, { checkpoints }), asked, []))).toContain(
    'the weights of every checkpoint can be read: none has a model.safetensors',
  )
})

test('how far two unbroken trainings are from each other is told', () => {
  const one = trained('one', falling)
  expect(wrong(judgeRepeat(one, trained('the same', falling)))).toEqual([])
  expect(
    wrong(
      judgeRepeat(
        one,
        trained('another', (step) => falling(step) + step / 1000),
      ),
    ),
  ).toEqual([
    'two unbroken trainings are the same, bit for bit: they differ by up to 0.04 in a loss, and so may one that is interrupted',
  ])
  const silent = () => trained('silent', () => undefined)
  expect(wrong(judgeRepeat(silent(), silent()))).toEqual([
    'two unbroken trainings are the same, bit for bit: neither of which step each loss is nor their weights are to be seen',
  ])
})
