import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cgroupHome, enclosuresIn } from '../../../lib/torture/enclosure.ts'
import { honest, tortured } from '../torture/plans.ts'
import { entry, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

const scratch = mkdtempSync(join(tmpdir(), 'assay-torture-cli-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
afterAll(removeRepositories)

const linux = process.platform === 'linux'

describe.skipIf(!linux)('torture', () => {
  test.concurrent.each<[words: readonly string[], sentence: string]>([
    [[], "Cannot torture a plan as 'PLAN' must be the name of one plan: current value is none"],
    [['a', 'b'], "Cannot torture a plan as 'PLAN' must be the name of one plan: current value is a b"],
    [['a', '--kills', '0'], "Cannot torture a plan as '--kills' must be a whole number from 1: current value is 0"],
    [['a', '--seed', 'x'], "Cannot torture a plan as '--seed' must be a whole number from 0: current value is x"],
    [['a', '--jobs', '0'], "Cannot torture a plan as '--jobs' must be a whole number from 1: current value is 0"],
    [['a', '--within', '1h'], "Cannot torture a plan as '--within' must be a whole number from 1: current value is 1h"],
    [['a', '--only', '-1'], "Cannot run the command torture as '--only' must be followed by N: current value is -1"],
    [
      ['a', '--signal', 'USR1'],
      "Cannot torture a plan as '--signal' must be one of KILL, TERM, INT, HUP: current value is USR1",
    ],
    [
      ['a', '--victims', 'runner,king'],
      "Cannot torture a plan as '--victims' must be of runner, wrapper, sentinel, service, group, all: current value is king",
    ],
  ])('%p is refused in a sentence', async (words, sentence) => {
    const ran = await repository({ a: planText('a', passing) }).run(['torture', ...words])
    expect(sentenceOf(ran)).toStartWith(sentence)
    expect(ran.exit).toBe(2)
  })

  test('a plan that cannot be run is no reference, and says what it said', async () => {
    const broken = "plan.step({ name: 'a', output: v.number(), run: () => { throw new Error('no such disk') } })"
    const ran = await tortured('broken', broken).run(['torture', 'broken', '--kills', '1'])
    expect(ran.err).toContain('Cannot torture broken as its unbroken run ended errored:\n')
    expect(ran.err).toContain('no such disk')
    expect([ran.exit, ran.out]).toEqual([2, ''])
  })

  test('Ctrl-C takes down all that it started, and its folder', async () => {
    const enclosures = enclosuresIn(cgroupHome())
    const enclosure = enclosures.make('all')
    try {
      const argv = [process.execPath, entry, 'torture', 'honest', '--kills', '1000']
      const child = enclosure.start(argv, (argv) =>
        Bun.spawn([...argv], {
          cwd: tortured('honest', honest).dir,
          env: { ...process.env, TMPDIR: scratch },
          stdio: ['ignore', 'ignore', 'pipe'],
        }),
      )
      let said = ''
      for await (const bytes of child.stderr) {
        said += new TextDecoder().decode(bytes)
        if (said.includes('unbroken: ')) break
      }
      // Kills are under way from now on.
      while (enclosure.pids().length < 3) await Bun.sleep(5)
      child.kill('SIGINT')
      expect(await child.exited).toBe(130)
      expect(enclosure.all()).toEqual([])
      expect(readdirSync(scratch)).toEqual([])
    } finally {
      await enclosures.end()
    }
  })
})
