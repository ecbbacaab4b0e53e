import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingRules } from '../../../tasks/training/settings.ts'
import { testPython } from '../../python-environments.ts'
import { stageCommand, type Variables } from '../stage-command.ts'

setDefaultTimeout(60_000)

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-stage3-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const stage3 = (words: string, variables?: Variables) =>
  stageCommand(['stage3', ...words.split(' ')], folder, variables)

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

test.skipIf(python === undefined)('what the training itself refuses is said once', async () => {
  const { code, out, log } = await stage3('--steps 1', { ASSAY_PYTHON: python, ASSAY_DEFECT: 'none-such' })
  expect([code, out]).toEqual([2, ''])
  expect(log.filter((line) => line.startsWith("Cannot train as 'ASSAY_DEFECT' must be "))).toHaveLength(1)
})
