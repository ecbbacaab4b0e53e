import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cgroupHome, enclosuresIn } from '../../../lib/torture/enclosure.ts'
import { honest, noticing, tortured } from '../torture/plans.ts'
import { entry, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

const scratch = mkdtempSync(join(tmpdir(), 'assay-torture-cli-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
afterAll(removeRepositories)

const linux = process.platform === 'linux'

describe.skipIf(!linux)('torture', () => {
  test.concurrent.each<[words: readonly string[], sentence: string | RegExp]>([
    [[], "Cannot torture a plan as 'PLAN' must be the name of one plan: current value is none"],
    [['a', 'b'], "Cannot torture a plan as 'PLAN' must be the name of one plan: current value is a b"],
    [['a', '--kills', '0'], "Cannot torture a plan as '--kills' must be a whole number from 1: current value is 0"],
    [['a', '--seed', 'x'], "Cannot torture a plan as '--seed' must be a whole number from 0: current value is x"],
    [['a', '--jobs', '0'], "Cannot torture a plan as '--jobs' must be a whole number from 1: current value is 0"],
    [['a', '--within', '1h'], "Cannot torture a plan as '--within' must be a whole number from 1: current value is 1h"],
    [['a', '--only', '-1'], "Cannot run the command torture as '--only' must be followed by N: current value is -1"],
    [
      ['a', '--only', '99', '--kills', '2'],
      "Cannot torture a plan as '--only' must be a whole number from 0 to 1: current value is 99. Kills are numbered from 0, and --kills says",
    ],
    [
      ['a', '--only', '60'],
      "Cannot torture a plan as '--only' must be a whole number from 0 to 59: current value is 60",
    ],
    [['a*'], "Cannot torture a plan as 'PLAN' must be the name of one plan: current value is a*"],
    [['alle'], /^Cannot run a plan as 'NAME' must be a plan in \S+: current value is alle\. Did you mean 'alles'\? /],
    [['a', '--set', 'foo=1'], "Cannot run a as '--set' must be a parameter: current value is foo"],
    [['alles', '--set', 'count=x'], "Cannot run alles as 'count' must be a whole number from 0: current value is x"],
    [['needy'], 'Cannot run needy as this machine lacks the program no-such-program'],
    [
      ['a', '--signal', 'USR1'],
      "Cannot torture a plan as '--signal' must be one of KILL, TERM, INT, HUP: current value is USR1",
    ],
    [
      ['a', '--victims', 'runner,king'],
      "Cannot torture a plan as '--victims' must be of runner, wrapper, sentinel, service, group, all: current value is king",
    ],
  ])('%p is refused in a sentence', async (words, sentence) => {
    const plans = {
      a: planText('a', passing),
      alles: planText('alles', passing, 'params: { count: integer(1, "how many") }'),
      needy: planText('needy', passing, "programs: ['no-such-program']"),
    }
    const ran = await repository(plans).run(['torture', ...words], { env: { TMPDIR: scratch } })
    if (typeof sentence === 'string') expect(sentenceOf(ran)).toStartWith(sentence)
    else expect(sentenceOf(ran)).toMatch(sentence)
    expect(ran.err).not.toContain(scratch)
    expect([ran.exit, ran.out]).toEqual([2, ''])
  })

  test('a plan that cannot be run is no reference, and says what it said', async () => {
    const broken = "plan.step({ name: 'a', output: v.number(), run: () => { throw new Error('no such disk') } })"
    const ran = await tortured('broken', broken).run(['torture', 'broken', '--kills', '1'])
    expect(ran.err).toContain('Cannot torture broken as its unbroken run ended errored:\n')
    expect(ran.err).toContain('no such disk')
    expect([ran.exit, ran.out]).toEqual([2, ''])
  })

  test('says what it is at from its unbroken runs on, and what came of the kills that were asked for and no others', async () => {
    const words = ['--only', '1', '--kills', '2', '--victims', 'wrapper,runner,all']
    const ran = await tortured('honest', honest).run(['torture', 'honest', '--seed', '1', ...words])
    expect(ran.err).toMatch(/ {2}unbroken run 1 of 2, .*\n {2}unbroken run 2 of 2, .*\n {2}unbroken: \d+ lines/)
    expect(ran.err).toMatch(/\n {2}1 of 1 kill · \d+ s · nothing found\n/)
    expect(ran.out.split('\n').map((line) => line.trim().split(/ {2,}/).slice(0, 2))).toEqual([
      ['victim', 'kills'],
      ['runner', '1'],
      ['in all', '1'],
      [''],
    ])
    expect(ran.exit).toBe(0)
  }, 120_000)

  test('says why it runs the plan unbroken once more when all kills are done', async () => {
    const ran = await tortured('resumed', noticing).run(['torture', 'resumed', '--kills', '4', '--jobs', '1'])
    expect(ran.err).toContain('\n  1 unbroken run more, to know whether what differs does so without a kill\n')
    expect(ran.exit).toBe(1)
  }, 120_000)

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
