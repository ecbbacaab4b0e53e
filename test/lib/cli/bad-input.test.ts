import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { newestRun, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

const repo = repository({
  'smoke-disk': planText(
    'smoke-disk',
    passing,
    `params: { count: integer(3, 'how many', { max: 9 }) }, tags: ['quick']`,
  ),
  syntax: `import { definePlan } from 'assay'\nexport default definePlan({ name: = 'syntax' })\n`,
  throws: `export const x: number = undefined.length\nexport default 1\n`,
  missing: `import './not-there.ts'\nexport default 1\n`,
  empty: '',
  other: planText('another', passing),
  twins: planText(
    'twins',
    `plan.step({ name: 'a', output: v.number(), run: () => 1 })\nplan.check({ name: 'a', run: () => [] })`,
  ),
  typo: planText('typo', `plan.step({ name: 'a', needs: { b: undefind }, output: v.number(), run: () => 1 })`),
  needy: planText('needy', passing, `env: ['NOT_SET_1', 'NOT_SET_2'], programs: ['no-such-program']`),
  required: planText('required', passing, `params: { model: text(undefined, 'the model to test') }`),
})
repo.file('notes.csv', 'a,b\r\n1,2\r\n')

describe('a command that was misused ends with 2 and one sentence', () => {
  test.each<[string, string[], string[]]>([
    ['an unknown command', ['plam'], ["'command' must be one it has: current value is plam", "Did you mean 'plan'?"]],
    ['an unknown plan', ['plan', 'smoke-disc'], ["current value is smoke-disc. Did you mean 'smoke-disk'?"]],
    ['a pattern without a plan', ['plan', 'nightly-*'], ['current value is nightly-*', 'There are: ']],
    [
      'an unknown step',
      ['plan', 'smoke-disk', '--only', 'aks'],
      ["'--only' must be a step of the plan: current value is aks. Did you mean 'ask'? There are: ask, answered"],
    ],
    [
      'an unknown step to stop at',
      ['plan', 'smoke-disk', '--until', 'nope'],
      ["'--until' must be a step of the plan: current value is nope"],
    ],
    ['an unknown task', ['task', 'stage'], ["'NAME' must be a task: current value is stage. Did you mean 'stage1'?"]],
    [
      'an unknown option of a task',
      ['task', 'stage2', '--size', '720p'],
      ["current value is --size. Did you mean '--sizes'?"],
    ],
    [
      'a bad value of a task option',
      ['task', 'stage2', '--quality', '101'],
      ["'quality' must be a whole number from 1 to 100: current value is 101"],
    ],
    [
      'an unknown parameter',
      ['plan', 'smoke-disk', '--set', 'cuont=3'],
      ["'--set' must be a parameter: current value is cuont. Did you mean 'count'? There are: count"],
    ],
    [
      'a parameter without a value',
      ['plan', 'smoke-disk', '--set', 'count'],
      ["'--set' must be NAME=VALUE: current value is count"],
    ],
    [
      'a bad parameter value',
      ['plan', 'smoke-disk', '--set', 'count=ten'],
      ["'count' must be a whole number from 0 to 9: current value is ten"],
    ],
    [
      'a required parameter',
      ['plan', 'required'],
      ["'model' must be given: current value is nothing. the model to test"],
    ],
    ['an unknown flag', ['plan', 'smoke-disk', '--jnuit', 'x'], ["current value is --jnuit. Did you mean '--junit'?"]],
    [
      'a flag without its value',
      ['plan', 'smoke-disk', '--csv'],
      ["'--csv' must be followed by FILE: current value is nothing"],
    ],
    [
      'a flag that swallowed another',
      ['plan', 'smoke-disk', '--csv', '--json'],
      ["'--csv' must be followed by FILE: current value is --json"],
    ],
    [
      'a value for a switch',
      ['plan', 'smoke-disk', '--json=1'],
      ["'--json' must be given without a value: current value is 1"],
    ],
    ['a flag given twice', ['plan', 'smoke-disk', '--jobs', '1', '--jobs', '2'], ["'--jobs' must be given once"]],
    ['no jobs', ['plan', 'smoke-disk', '--jobs', '0'], ["'--jobs' must be a whole number from 1: current value is 0"]],
    [
      'two views on stdout',
      ['plan', 'smoke-disk', '--csv', '-', '--json'],
      ["'stdout' must be left to one flag: current value is --csv - and --json"],
    ],
    ['a way to run without a plan', ['plan', '--resume'], ["'NAME' must be given with --resume"]],
    [
      'steps chosen twice',
      ['plan', 'smoke-disk', '--only', 'ask', '--until', 'ask'],
      ["'steps' must be chosen in one way"],
    ],
    [
      'an unknown tag',
      ['plan', '--tag', 'quik'],
      ["'tag' must be a tag of some plan: current value is quik. Did you mean 'quick'?"],
    ],
    [
      'an env file that is not there',
      ['plan', 'smoke-disk', '--env-file', 'no.env'],
      ["'--env-file' must be a file that can be read: current value is no.env"],
    ],
    [
      'a folder that is not there',
      ['plan', '--dir', 'no/where'],
      ["'--dir' must be a folder: current value is no/where"],
    ],
    ['a run that is not there', ['report', '2020'], ["'RUN' must be a run in "]],
    [
      'a path without a journal',
      ['report', './plans'],
      ["'RUN' must be a folder with a journal.jsonl: current value is ./plans"],
    ],
    ['a run of another plan', ['plan', 'smoke-disk', '--run', '2020'], ["'RUN' must be a run in "]],
    [
      'days that are none',
      ['gc', '--keep', 'long'],
      ["'--keep' must be days like 30d or a number of runs like 10: current value is long"],
    ],
    ['a plan that is there already', ['plan', '--new', 'smoke-disk'], ["'plans/smoke-disk.ts' must be new"]],
    ['a plan name that no file should have', ['plan', '--new', '../x'], ["'--new' must be lower-case words"]],
    [
      'a syntax error',
      ['plan', 'syntax'],
      ["Cannot load plan syntax as 'plans/syntax.ts:2:", 'must be TypeScript that parses', "{ name: = 'syntax' }"],
    ],
    [
      'a plan that throws when it is loaded',
      ['plan', 'throws'],
      ["Cannot load plan throws as 'plans/throws.ts:1:", 'TypeError: ', 'bunx tsc --noEmit'],
    ],
    [
      'an import that is not there',
      ['plan', 'missing'],
      ["'./not-there.ts' must be a module that is there", 'imported from plans/missing.ts'],
    ],
    [
      'a file that is no plan',
      ['plan', 'empty'],
      ["'the default export of plans/empty.ts' must be a plan: current value is nothing"],
    ],
    [
      "a name that is not its file's",
      ['plan', 'other'],
      ["'name' must be 'other', as its file plans/other.ts is called: current value is another"],
    ],
    [
      'two steps of one name',
      ['plan', 'twins'],
      ["'name' must be unlike every other in the plan: current value is a", 'See plans/twins.ts:5:'],
    ],
    [
      'a type error that shows when the plan is built',
      ['plan', 'typo'],
      ["Cannot build plan typo as 'plans/typo.ts:4:", 'ReferenceError', 'bunx tsc --noEmit'],
    ],
    [
      'a machine that lacks things',
      ['plan', 'needy'],
      ['lacks the variable NOT_SET_1', 'the variable NOT_SET_2', 'the program no-such-program'],
    ],
    [
      'a CSV file of something else',
      ['plan', 'smoke-disk', '--csv', 'notes.csv'],
      ["Cannot append results as 'notes.csv' must be a file with the columns of schema 1: current value is a,b."],
    ],
    [
      'a CSV file that is a folder',
      ['plan', 'smoke-disk', '--csv', 'plans'],
      ["Cannot append results as 'plans' must be a file that can be written: current value is EISDIR"],
    ],
    [
      'a CSV file in a folder that is a file',
      ['plan', 'smoke-disk', '--csv', 'notes.csv/all.csv'],
      ["Cannot append results as 'notes.csv/all.csv' must be a file that can be written: current value is ENOTDIR"],
    ],
    [
      'a JUnit file that is a folder',
      ['plan', 'smoke-disk', '--junit', 'plans'],
      ["Cannot write results as 'plans' must be a file: current value is a folder. Name another file with --junit"],
    ],
    [
      'a JUnit file in a folder that is a file',
      ['plan', 'smoke-disk', '--junit', 'notes.csv/all.xml'],
      ["Cannot write results as 'notes.csv/all.xml' must be a place that can be written: current value is ENOTDIR"],
    ],
    [
      'a JUnit file that is a device',
      ['plan', 'smoke-disk', '--junit', '/dev/null'],
      ["Cannot write results as '/dev/null' must be a file: current value is something else"],
    ],
    [
      'a JUnit file without a name',
      ['plan', 'smoke-disk', '--junit', 'new/'],
      ["Cannot write results as 'new/' must be a place that can be written: current value is no name of a file"],
    ],
  ])('%s', async (_, words, expected) => {
    const ran = await repo.run(words)
    expect(ran.exit).toBe(2)
    const sentence = sentenceOf(ran)
    expect(sentence).toStartWith('Cannot ')
    for (const part of expected) expect(sentence).toContain(part)
  })

  test.each([
    ['--csv', 'notes.csv'],
    ['--csv', 'plans'],
    ['--csv', 'notes.csv/all.csv'],
    ['--csv', 'new/'],
    ['--junit', 'plans'],
    ['--junit', 'notes.csv/all.xml'],
  ])('and %s %s costs no run, and is as it was', async (flag, file) => {
    const repo = repository({ passes: planText('passes', passing) })
    repo.file('notes.csv', 'a,b\r\n1,2\r\n')
    expect((await repo.run(['plan', 'passes', flag, file])).exit).toBe(2)
    expect(repo.read('notes.csv')).toBe('a,b\r\n1,2\r\n')
    expect(readdirSync(repo.dir)).not.toContain('runs')
  })

  test('a CSV file that goes bad during the run ends it with 2, and the run is whole', async () => {
    const body = `plan.step({ name: 'spoil', output: v.number(), run: () => Bun.write('all.csv', 'a,b\\r\\n1,2\\r\\n') })`
    const repo = repository({ spoils: planText('spoils', body) })
    const ran = await repo.run(['plan', 'spoils', '--csv', 'all.csv'])
    expect(ran.exit).toBe(2)
    expect(sentenceOf(ran)).toContain('bun run report makes its results again')
    expect(repo.read('all.csv')).toBe('a,b\r\n1,2\r\n')
    const run = await newestRun(repo, 'spoils')
    expect(readdirSync(join(repo.dir, run))).toEqual(expect.arrayContaining(['junit.xml', 'results.csv']))
    expect((await repo.run(['report', run])).out).toContain('passed')
  })

  test('a broken plan is listed with its sentence and does not stop the others', async () => {
    const { exit, out, err } = await repo.run(['plan'])
    expect([exit, err]).toEqual([0, ''])
    expect(out).toMatch(/smoke-disk +(passed|never run)/)
    for (const name of ['syntax', 'throws', 'missing', 'empty'])
      expect(out).toMatch(new RegExp(`${name} +Cannot load plan`))
  })
})
