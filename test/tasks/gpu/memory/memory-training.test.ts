import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judgeMemoryBack } from '../../../../tasks/gpu/memory/memory-back.ts'
import { cardMeter } from '../../../../tasks/gpu/memory/memory-meter.ts'
import { interruptedTraining, mayTrain } from '../../../../tasks/gpu/memory/memory-training.ts'
import { fakeTelemetry } from '../../../../tasks/gpu/telemetry/fake.ts'
import { refusal } from '../refusal.ts'

setDefaultTimeout(30_000)

const root = mkdtempSync(join(tmpdir(), 'assay-memory-training-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const MiB = 2 ** 20
const fixture = join(import.meta.dir, '../../../fixtures/training.ts')

/** A real training of so many steps, beside a card that has `taken` more of its memory used while one runs, and `left` more ever after. */
async function interrupted(signal: 'SIGKILL' | 'SIGINT', steps: number, { taken = 600, left = 0 } = {}) {
  let [begun, read] = [false, false]
  const card = fakeTelemetry(() => {
    const more = !begun ? 0 : read ? left : taken
    return { memoryUsed: (1000 + more) * MiB }
  })
  const meter = cardMeter(card)
  const watched = {
    ...meter,
    async read() {
      const used = await meter.read()
      read = begun
      return used
    },
  }
  const options = { python: '', command: `'${process.execPath}' '${fixture}' 1 ${steps}`, variables: {} }
  const progress = () => {
    begun = true
  }
  const folder = join(root, `${signal}-${steps}-${left}`)
  const context = { folder, env: process.env, signal: new AbortController().signal, log() {}, progress }
  return interruptedTraining(watched, signal, options, context)
}

describe('the memory of a card after a training on it was interrupted', () => {
  test.each(['SIGKILL', 'SIGINT'] as const)('is back after %s', async (signal) => {
    const back = await interrupted(signal, 1000)
    expect(back).toMatchObject({ of: 'NVIDIA Fake', before: 1000 * MiB, during: 1600 * MiB, after: 1000 * MiB })
    expect(judgeMemoryBack('back', back)).toEqual({ name: 'back', verdict: 'pass' })
  })

  test('is not, and that is told', async () => {
    expect(judgeMemoryBack('back', await interrupted('SIGKILL', 1000, { left: 40 }))).toMatchObject({
      verdict: 'fail',
      reason: '40 MiB more than before are taken of the memory of NVIDIA Fake after 2 s',
    })
  })

  test('says nothing of a training that is over before', async () => {
    expect(await refusal(interrupted('SIGKILL', 5))).toContain(
      'the training was over before SIGKILL came after step 20',
    )
  })

  test('is not looked for without CUDA, or with nobody to tell of it', () => {
    const none = { kind: 'none', sentence: 'nobody tells' } as const
    expect(mayTrain({ kind: 'absent', sentence: 'no CUDA' }, none)).toBe('no CUDA')
  })

  test('is not read off a card that is lost, or does not tell', async () => {
    expect(await refusal(cardMeter(fakeTelemetry(() => undefined)).read())).toBe('GPU is lost')
    expect(await refusal(cardMeter(fakeTelemetry(() => ({}))).read())).toContain(
      'does not tell how much of its memory is used',
    )
  })
})
