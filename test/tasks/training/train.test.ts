import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TrainContext, train, trainInterrupted } from '../../../tasks/training/train.ts'
import { stepsOf } from '../../../tasks/training/trained.ts'
import type { TrainingVariables } from '../../../tasks/training/variables.ts'

setDefaultTimeout(30_000)

const root = mkdtempSync(join(tmpdir(), 'assay-train-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const fixture = join(import.meta.dir, '../../fixtures/training.ts')
const ours = (words: string, variables: TrainingVariables = {}) => ({
  python: '',
  command: `'${process.execPath}' '${fixture}' ${words}`,
  variables,
})

function contextIn(
  name: string,
  onProgress: (text: string) => void = () => {},
  signal = new AbortController().signal,
): TrainContext {
  return { signal, log: () => {}, progress: onProgress, folder: join(root, name), env: process.env }
}

/** Stops as Ctrl-C does, once it has come to a step. */
async function stoppedAt(step: number, name: string, words: string, variables?: TrainingVariables): Promise<void> {
  const stop = new AbortController()
  const context = contextIn(
    name,
    (text) => text.startsWith(`step ${step},`) && stop.abort(new Error('stopped')),
    stop.signal,
  )
  await expect(train(ours(words, variables), context)).rejects.toThrow('stopped')
}

const numbers = (trained: Awaited<ReturnType<typeof train>>) => stepsOf(trained).map(({ step }) => step)
const all = Array.from({ length: 30 }, (_, at) => at + 1)

test('an attempt that was stopped is gone on with from its newest checkpoint, and no step that it told is lost', async () => {
  await stoppedAt(13, 'same', '1')
  const steps = numbers(await train(ours('1'), contextIn('same')))
  expect([...new Set(steps)]).toEqual(all)
  expect(steps.filter((step) => step === 11)).toHaveLength(2)
  expect(steps.filter((step) => step === 10)).toHaveLength(1)
})

test('steps that only its log tells of are not lost either', async () => {
  await stoppedAt(13, 'log', '1', { LOG_ONLY: 'yes' })
  const steps = numbers(await train(ours('1', { LOG_ONLY: 'yes' }), contextIn('log')))
  expect([...new Set(steps)].sort((a, b) => a - b)).toEqual(all)
})

test('another training begins anew, whatever lies there', async () => {
  await stoppedAt(13, 'other', '1')
  const trained = await train(ours('2'), contextIn('other'))
  expect(numbers(trained)).toEqual(all)
  expect(stepsOf(trained)[0]?.loss).toBe(2)
})

test('one that came to its end is nothing to go on with', async () => {
  await train(ours('1'), contextIn('ended'))
  expect(existsSync(join(root, 'ended', 'under-way.json'))).toBe(false)
  expect(numbers(await train(ours('1'), contextIn('ended')))).toEqual(all)
})

test('one that tells of no step, or not so that it can be understood, is failed', async () => {
  const silent = { python: '', command: 'true', variables: {} }
  await expect(train(silent, contextIn('silent'))).rejects.toThrow('told of no step, on PROGRESS_FD or in its log')
  const odd = { python: '', command: `echo '{"step": "1"}' >&3`, variables: {} }
  await expect(train(odd, contextIn('odd'))).rejects.toThrow('1 lines on PROGRESS_FD say nothing that is known')
})

test('one that is interrupted goes on after its newest checkpoint; a signal that comes too late is told', async () => {
  const context = contextIn('interrupted')
  const { sittings } = await trainInterrupted(ours('1'), [{ signal: 'SIGKILL', at: 12 }], context)
  expect(sittings.map(({ how, first }) => [how, first])).toEqual([
    ['killed', 1],
    ['finished', 11],
  ])
  await expect(trainInterrupted(ours('1'), [{ signal: 'SIGINT', at: 31 }], context)).rejects.toThrow(
    'it was over before SIGINT came after step 31',
  )
})
