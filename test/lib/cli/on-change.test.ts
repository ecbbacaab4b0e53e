import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ended, newestRun, planText, type Repository, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

/** Passes, fails or errs as the file `how` says, or waits to be stopped. */
const plans = {
  p: planText(
    'p',
    `plan.step({ name: 'step', output: v.number(), run: async (_, { signal }) => {
      const how = await Bun.file('how').text()
      if (how === 'fails') throw new Failure('the model is wrong')
      if (how === 'errs') throw new Error('boom')
      if (how === 'waits') {
        await Bun.write('begun', '')
        while (!signal.aborted) await Bun.sleep(5)
      }
      return 1
    } })`,
  ),
}

const variables = '"$ASSAY_PLAN|$ASSAY_BEFORE|$ASSAY_OUTCOME|$ASSAY_EXIT|$ASSAY_RUN"'
const telling = ['--on-change', `{ printf '%s\\n' ${variables}; cat; } >told`]

/** Runs it as `how` says, and returns what was told. */
async function ran(at: Repository, how: string, words: readonly string[] = telling): Promise<string> {
  at.file('how', how)
  rmSync(join(at.dir, 'told'), { force: true })
  await at.run(['plan', 'p', ...words])
  return existsSync(join(at.dir, 'told')) ? at.read('told') : ''
}

/** `passed|failed`: what it was told that it had been, and that it is. */
const change = (told: string) => told.split('|').slice(1, 3).join('|')

describe('--on-change', () => {
  test('is run where the outcome is another than last time, with both in its environment and the summary on its stdin', async () => {
    const at = repository(plans)
    expect(await ran(at, 'passes')).toBe('')
    const told = await ran(at, 'fails')
    const run = (await newestRun(at, 'p')).split('/').at(-1)
    expect(told.split('\n').slice(0, 2)).toEqual([
      `p|passed|failed|1|${run}`,
      `p failed on ${hostname()} (exit code 1), after it had passed`,
    ])
    for (const words of ['The plan p', 'the model is wrong', 'again: bunx assay plan p']) expect(told).toContain(words)
    expect(await ran(at, 'fails')).toBe('')
    expect(change(await ran(at, 'errs'))).toBe('failed|errored')
    expect(change(await ran(at, 'passes'))).toBe('errored|passed')
    expect(await ran(at, 'passes')).toBe('')
  })

  test('goes the first time by the last run that came to something, and then by what it was told last', async () => {
    const at = repository(plans)
    await ran(at, 'fails', [])
    expect(change(await ran(at, 'passes'))).toBe('failed|passed')
    // Nobody was told of this failure, so that there is nothing to take back.
    await ran(at, 'fails', [])
    expect(await ran(at, 'passes')).toBe('')
    at.file('runs/p/last-told.json', '{"schema":9}')
    await ran(at, 'fails', [])
    expect(change(await ran(at, 'passes'))).toBe('failed|passed')
  })

  test('is told of a run that was resumed and then came to something else', async () => {
    const at = repository(plans)
    await ran(at, 'fails', [])
    expect(change(await ran(at, 'passes', ['--resume', ...telling]))).toBe('failed|passed')
  })

  test('is told of a plan that can no longer be loaded, once', async () => {
    const at = repository(plans)
    await ran(at, 'passes')
    at.file('plans/p.ts', 'export default {')
    const told = await ran(at, 'passes')
    expect([change(told), told]).toEqual(['passed|errored', expect.stringContaining('Cannot load plan p as ')])
    expect(await ran(at, 'passes')).toBe('')
  })

  test('says nothing of a run that was stopped or kept out, which change nothing', async () => {
    const at = repository(plans)
    await ran(at, 'passes')
    at.file('how', 'waits')
    const child = at.start(['plan', 'p', ...telling])
    while (!existsSync(join(at.dir, 'begun'))) await Bun.sleep(5)
    expect((await at.run(['plan', 'p', ...telling])).exit).toBe(75)
    child.kill('SIGTERM')
    expect((await ended(child)).exit).toBe(143)
    expect([existsSync(join(at.dir, 'told')), change(await ran(at, 'fails'))]).toEqual([false, 'passed|failed'])
  })

  test('goes with --on-fail, and what goes wrong with it is one sentence and changes no exit code', async () => {
    const at = repository(plans)
    await ran(at, 'passes', ['--on-change', 'true'])
    at.file('how', 'fails')
    const { exit, err } = await at.run(['plan', 'p', '--on-change', 'exit 3', '--on-fail', 'echo told >&2'])
    expect([exit, err]).toEqual([
      1,
      `told\nCannot tell of the change of p as '--on-change' must be a command that succeeds: current value is exit code 3. exit 3\n`,
    ])
  })
})
