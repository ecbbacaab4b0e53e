import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { startOf } from '../../../lib/record/holder.ts'
import {
  ended,
  failing,
  newestRun,
  passing,
  planText,
  type Repository,
  removeRepositories,
  repository,
} from './helpers.ts'

afterAll(removeRepositories)

const erring = `plan.step({ name: 'broken', output: v.number(), run: () => { throw new Error('boom') } })`
const variables = '"$ASSAY_PLAN|$ASSAY_RUN|$ASSAY_OUTCOME|$ASSAY_EXIT|$ASSAY_PATH"'
const telling = `{ printf '%s\\n' ${variables}; cat; } >>told`

const plans = {
  good: planText('good', passing),
  bad: planText('bad', failing),
  errs: planText('errs', erring),
  needy: planText('needy', passing, `env: ['NO_SUCH_VARIABLE']`),
  broken: 'export default {',
}

const told = ({ dir, read }: Repository) => (existsSync(join(dir, 'told')) ? read('told') : '')

describe('--on-fail', () => {
  test('gets the summary on its stdin and the run in its environment', async () => {
    const at = repository(plans)
    const { exit, out } = await at.run(['plan', 'bad', '--on-fail', telling])
    const path = join(at.dir, await newestRun(at, 'bad'))
    const [first, second, ...more] = told(at).split('\n')
    expect([exit, first, second]).toEqual([
      1,
      `bad|${path.split('/').at(-1)}|failed|1|${path}`,
      `bad failed on ${hostname()} (exit code 1)`,
    ])
    for (const words of [
      'The plan bad',
      'the model is wrong',
      'failed · 3 steps (1 failed, 1 skipped), 1 check',
      'again: bunx assay plan bad',
    ])
      expect([out, more.join('\n')]).toEqual([expect.stringContaining(words), expect.stringContaining(words)])
  })

  test('is not run for a plan that passed, and once for each that did not', async () => {
    const at = repository(plans)
    expect((await at.run(['plan', 'good', '--on-fail', telling])).exit).toBe(0)
    expect(told(at)).toBe('')
    expect((await at.run(['plan', 'bad', 'good', 'errs', '--on-fail', telling])).exit).toBe(2)
    expect(
      told(at)
        .match(/^\w+\|[\w-]+\|\w+\|\d\|/gm)
        ?.map((line) => line.replace(/\|[\w-]+/, '')),
    ).toEqual(['bad|failed|1|', 'errs|errored|2|'])
  })

  test.each([
    [
      'needs what is not there',
      ['needy'],
      'needy',
      'Cannot run needy as this machine lacks the variable NO_SUCH_VARIABLE',
    ],
    ['cannot be loaded', ['broken'], 'broken', "Cannot load plan broken as 'plans/broken.ts:"],
    ['is not there', ['gone'], 'gone', "Cannot run a plan as 'NAME' must be a plan in"],
    [
      'has no such parameter',
      ['good', '--set', 'x=1'],
      'good',
      "Cannot run good as '--set' must be a parameter: current value is x",
    ],
  ])('is told of a plan that %s', async (_, words, plan, sentence) => {
    const at = repository(plans)
    expect((await at.run(['plan', ...words, '--on-fail', telling])).exit).toBe(2)
    const text = told(at)
    expect(text).toStartWith(`${plan}||errored|2|\n${plan} errored on ${hostname()} (exit code 2)\n`)
    expect(text.split('\n')[2]).toStartWith(sentence)
    expect(text.match(/errored on/g)).toHaveLength(1)
  })

  test('is told of a plan that the lock of another run kept out', async () => {
    const at = repository(plans)
    const holder = { run: 'r-7', pid: 7, host: 'node-7', boot: 'b', started: '1', since: '2026-11-21T02:30:00.000Z' }
    at.file('runs/good/.lock', JSON.stringify(holder))
    expect((await at.run(['plan', 'good', '--on-fail', telling])).exit).toBe(75)
    expect(told(at)).toStartWith(
      `good||overlapped|75|\ngood overlapped on ${hostname()} (exit code 75)\nCannot run good as 'every other run of good' must be over: `,
    )
  })

  describe('after a signal', () => {
    const slow = planText(
      'slow',
      `plan.step({ name: 'wait', output: v.number(), run: async (_, { signal }) => {
        await Bun.write('begun', '')
        while (!signal.aborted) await Bun.sleep(5)
        return 1
      } })`,
    )
    const interrupted = async (command: string) => {
      const at = repository({ slow })
      const child = at.start(['plan', 'slow', '--on-fail', command])
      while (!existsSync(join(at.dir, 'begun'))) await Bun.sleep(5)
      child.kill('SIGTERM')
      return { at, ...(await ended(child)) }
    }

    test('is told of the run that was interrupted', async () => {
      const { at, exit } = await interrupted(telling)
      expect([exit, told(at)]).toEqual([143, expect.stringMatching(/^slow\|[\w-]+\|aborted\|143\|/)])
    })

    test('has three seconds, and takes all it started with it', async () => {
      const command = 'sleep 600 & echo $! >child; wait'
      const { at, exit, err } = await interrupted(command)
      expect([exit, err]).toEqual([
        143,
        `Cannot tell of the failure of slow as '--on-fail' must be a command that succeeds: current value is ended by SIGKILL (it has 3 s). ${command}\n`,
      ])
      expect(startOf(Number(at.read('child')))).toBeUndefined()
    })
  })

  test.each([
    ['exit 3', 'exit code 3'],
    ['no-such-program-here 2>/dev/null', 'exit code 127'],
    ['kill -TERM $$', 'ended by SIGTERM'],
  ])('that goes wrong itself (%s) is told in one sentence, and the exit code stays', async (command, value) => {
    const { exit, err } = await repository(plans).run(['plan', 'bad', '--on-fail', command])
    expect([exit, err]).toEqual([
      1,
      `Cannot tell of the failure of bad as '--on-fail' must be a command that succeeds: current value is ${value}. ${command}\n`,
    ])
  })

  test('may leave its stdin unread, and never writes to a stdout that was promised', async () => {
    const { exit, out, err } = await repository(plans).run(['plan', 'bad', '--csv', '-', '--on-fail', 'echo told'])
    expect([exit, out.split('\r\n')[0], out.includes('told')]).toEqual([
      1,
      expect.stringContaining('schema,plan'),
      false,
    ])
    expect(err).toEndWith('told\n')
  })

  test('is not run by a dry run', async () => {
    const at = repository(plans)
    for (const words of [['needy'], ['gone']]) await at.run(['plan', ...words, '--dry-run', '--on-fail', telling])
    expect(told(at)).toBe('')
  })
})
