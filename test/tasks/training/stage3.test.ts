import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { trainingRules } from '../../../tasks/training/settings.ts'
import { testPython } from '../../python-environments.ts'
import { stageCommand, type Variables } from '../stage-command.ts'

setDefaultTimeout(60_000)

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-stage3-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const stage3 = (words: string, variables?: Variables, onLine?: Parameters<typeof stageCommand>[3]) =>
  stageCommand(['stage3', ...words.split(' ')], folder, variables, onLine)

describe('a wrong value is one sentence before anything is made', () => {
  test.each([
    ['--epochs 0', {}, "Cannot run stage3 as 'epochs' must be a whole number from 1 to 1000000: current value is 0"],
    [
      '--seed 2',
      { PRECISION: 'fp8' },
      "Cannot run stage3 as 'precision' must be one of fp32, bf16, fp16: current value is fp8",
    ],
    [
      '--batch-size 32 --images-per-node 8',
      {},
      "Cannot start the training as 'IMAGES_PER_NODE' must be 0, or at least BATCH_SIZE, which is 32: current value is 8",
    ],
    ['--dataset photos', {}, "Cannot use the object store as 'S3_ENDPOINT' must be "],
  ])('%s %p', async (words, variables, sentence) => {
    const { code, out, log } = await stage3(words, variables)
    expect([code, out, log.length]).toEqual([2, '', 1])
    expect(log[0]).toStartWith(sentence)
    expect(existsSync(join(folder, '.assay'))).toBe(false)
  })
})

test('every variable of a training has a flag, and --help says which', async () => {
  const { code, out } = await stage3('--help')
  expect(code).toBe(0)
  for (const variable of Object.keys(trainingRules)) expect(out).toMatch(new RegExp(`^  --\\S+ … +${variable} `, 'm'))
})

const found = await testPython('train')
if ('unavailable' in found) console.log(`Skipped: stage 3 as a task, as there is ${found.unavailable}`)
const python = 'path' in found ? found.path : undefined

const Step = v.object({ step: v.number(), path: v.string() })
const Stopped = v.object({ how: v.literal('stopped'), checkpoints: v.tuple([Step]) })

test.skipIf(python === undefined)('Ctrl-C leaves a checkpoint, and says how to go on to the end', async () => {
  const out = join(folder, 'out')
  // Exported, as a person may have it: whatever else has it is no part of the training.
  const variables = { ASSAY_PYTHON: python, TRAINING_OUT: out, BATCH_SIZE: '2' }
  const bystander = Bun.spawn(['sleep', '60'], { env: { PATH: process.env.PATH, TRAINING_OUT: out } })
  const words = '--steps 1000 --checkpoint-every 1000 --resolution 8'
  let told = false
  const stopped = await stage3(words, variables, (line, send) => {
    if (told || !line.startsWith('step 1 of 1000, loss ')) return
    told = true
    send('SIGINT')
  })
  expect(stopped.code).toBe(130)
  const [{ step, path }] = v.parse(Stopped, JSON.parse(stopped.out)).checkpoints
  expect(path).toBe(join(out, `checkpoint-${step}`))
  expect(stopped.log.at(-1)).toBe(
    `Stopped with a checkpoint of step ${step}. The same command with --resume latest goes on from there.`,
  )

  const refused = await stage3(words, variables)
  const sentence = `Cannot start a training as 'TRAINING_OUT' must be a folder without checkpoints: current value is ${path}. `
  expect(refused.code).toBe(2)
  expect(refused.log.filter((line) => line.startsWith(sentence))).toHaveLength(1)

  const resumed = await stage3(`${words} --resume latest`, variables)
  expect(resumed.code).toBe(0)
  const report = JSON.parse(resumed.out)
  expect(report).toMatchObject({
    ...{ how: 'finished', out, model: join(out, 'model.safetensors'), resumed: step, saved: 1 },
    steps: { count: 1000 - step, first: step + 1, last: 1000, total: 1000 },
    checkpoints: [{ step }, { step: 1000 }],
  })
  expect(report.loss.last).toBeLessThan(report.loss.first)
  expect(report.imagesPerSecond).toBeGreaterThan(0)
  expect(existsSync(report.model)).toBe(true)
  expect(bystander.exitCode).toBeNull()
  bystander.kill()
})
