import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { newestRun, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'
import { measuring, nights } from './nights.ts'

afterAll(removeRepositories)

const idOf = (path: string) => path.split('/').at(-1) ?? ''

describe('a baseline', () => {
  test('is what later runs on this machine are held against', async () => {
    const at = repository({ perf: measuring })
    at.file('level', '1')
    const first = await at.run(['plan', 'perf'])
    expect([first.exit, first.out]).toEqual([0, expect.not.stringContaining('not held against')])
    const run = idOf(await newestRun(at, 'perf'))
    // What it says would make this run the baseline, does.
    const [, words = ''] = /hold later runs against this one: bunx assay (baseline set \S+)\n/.exec(first.out) ?? []
    expect(words).toBe(`baseline set ${run}`)
    const set = await at.run(words.split(' '))
    expect(set.out).toMatch(
      new RegExp(`^The baseline of perf on this machine \\([0-9a-f]{12}\\) is run ${run} \\(1 metric\\)\n$`),
    )

    at.file('level', '1.1')
    const alike = await at.run(['plan', 'perf'])
    expect([alike.exit, alike.out]).toEqual([0, expect.not.stringContaining('hold later runs')])
    at.file('level', '1.5')
    const slow = await at.run(['plan', 'perf'])
    expect([slow.exit, slow.out]).toEqual([1, expect.stringContaining('1.5')])
    const [line] = (await at.run(['report', '--json'])).out.split('\n').filter((line) => line.includes('"metrics":['))
    expect(JSON.parse(line ?? '')).toMatchObject({
      metrics: [{ verdict: 'fail', against: { kind: 'baseline', name: run, value: 1 }, ratio: { value: 1.5 } }],
    })

    // It failed against the old baseline, and is the new one when somebody says so.
    const slower = idOf(await newestRun(at, 'perf'))
    const refused = await at.run(['baseline', 'set', slower])
    expect([refused.exit, sentenceOf(refused)]).toEqual([
      2,
      `Cannot set a baseline as 'RUN' must be one that passed: current value is ${slower}, which failed. What it measured may be of work that was wrong. Where it is only slower, and on purpose: --anyway`,
    ])
    expect((await at.run(['baseline', 'set', slower, '--anyway'])).out).toEndWith(
      `is run ${slower} (1 metric), in place of run ${run}\n`,
    )
    expect((await at.run(['plan', 'perf'])).exit).toBe(0)
  })

  test('with other parameters is of something else, which is said', async () => {
    const at = repository({ perf: measuring })
    at.file('level', '1')
    await at.run(['plan', 'perf'])
    const run = idOf(await newestRun(at, 'perf'))
    await at.run(['baseline', 'set', run])
    at.file('level', '9')
    const { exit, out } = await at.run(['plan', 'perf', '--set', 'size=480p'])
    expect([exit, out]).toEqual([
      0,
      expect.stringContaining(
        `The baseline, run ${run}, was taken with other parameters (size): this run is not held against it\n`,
      ),
    ])
    expect((await at.run(['plan', 'perf', '--set', 'size=720p'])).exit).toBe(1)
  })

  test('of other parameters stays beside the first, and each run is held against its own', async () => {
    const at = repository({ perf: measuring })
    const ran = async (level: string, ...more: readonly string[]) => {
      at.file('level', level)
      return (await at.run(['plan', 'perf', ...more])).exit
    }
    await ran('1')
    const first = idOf(await newestRun(at, 'perf'))
    await at.run(['baseline', 'set', first])
    await ran('4', '--set', 'size=480p')
    const second = idOf(await newestRun(at, 'perf'))
    expect((await at.run(['baseline', 'set', second])).out).toEndWith(
      `is run ${second} (1 metric), beside run ${first} with other parameters (size)\n`,
    )
    expect([await ran('4'), await ran('4', '--set', 'size=480p'), await ran('8', '--set', 'size=480p')]).toEqual([
      1, 0, 1,
    ])
    // What lies beside a run's numbers are those of its parameters alone.
    expect((await at.run(['compare', idOf(await newestRun(at, 'perf'))])).out).toStartWith(`first   perf/${second},`)
    expect((await at.run(['history', 'perf', '--metric', 'time'])).out).toMatch(/ 2\.000 +2\.000 /)

    const shown = (await at.run(['baseline'])).out.trimEnd().split('\n')
    expect(shown).toEqual([
      expect.stringMatching(/machine +parameters$/),
      expect.stringMatching(new RegExp(`${first}  this machine .* size=720p$`)),
      expect.stringMatching(new RegExp(`${second}  this machine .* size=480p$`)),
    ])
    expect((await at.run(['baseline', 'clear', first])).out).toMatch(
      new RegExp(`^Run ${first} is no longer the baseline of perf on this machine \\(\\w+\\) with size=720p\n$`),
    )
    expect((await at.run(['baseline', 'show', '--json'])).out).toContain(`"run":"${second}"`)
    expect([await ran('4'), await ran('8', '--set', 'size=480p')]).toEqual([0, 1])
    const refused = await at.run(['baseline', 'clear', second, '--across'])
    expect([refused.exit, sentenceOf(refused)]).toEqual([
      2,
      `Cannot clear a baseline as '--across' must be given with a plan: current value is given with run ${second}`,
    ])
    expect((await at.run(['baseline', 'clear', 'perf'])).out).toStartWith(`Run ${second} is no longer`)
  })

  test('is kept for each machine, listed with its metrics, and forgotten for this one or for all', async () => {
    const at = repository({ perf: measuring })
    const [run = ''] = nights(at, 'perf', [1, 2])
    expect((await at.run(['baseline'])).out).toBe('There is no baseline. Set one: bunx assay baseline set RUN\n')
    expect((await at.run(['baseline', 'set', run])).out).toBe(
      `The baseline of perf on machine m1 is run ${run} (1 metric)\n`,
    )
    const row = `perf  2026-01-01 02:30:00  000000000  1        ${run}  machine m1`
    expect((await at.run(['baseline', 'show'])).out.split('\n').slice(1)).toEqual([row, ''])
    const shown = (await at.run(['baseline', 'show', 'perf'])).out
    expect([shown, shown]).toEqual([
      expect.stringContaining(row),
      expect.stringMatching(/measure: time +1 s +0\.99\S*–1\.0\S+ +11/),
    ])
    expect(JSON.parse((await at.run(['baseline', 'show', '--json'])).out)).toMatchObject({
      plan: 'perf',
      machine: 'm1',
      run,
    })
    expect((await at.run(['baseline', 'clear', 'perf'])).out).toBe(
      'There was no baseline of perf on this machine; there is one on 1 other machine (--across clears all)\n',
    )
    expect((await at.run(['baseline', 'clear', 'perf', '--across'])).out).toBe(
      `Run ${run} is no longer the baseline of perf on machine m1\n`,
    )
    expect(readdirSync(join(at.dir, 'runs/perf')).filter((name) => name.startsWith('baseline'))).toEqual([])
  })

  test.each([
    [['set'], "Cannot set a baseline as 'RUN' must be a run: current value is none"],
    [['put', 'x'], "Cannot use baselines as 'command' must be set, show or clear: current value is put"],
    [['show', 'perf', 'x'], "Cannot show a baseline as 'arguments' must be one at most: current value is perf x"],
    [['clear'], "Cannot clear a baseline as 'PLAN' must be a plan: current value is none"],
    [['show', 'pref'], /^Cannot run a plan as 'NAME' must be a plan .*perf/],
    [
      ['clear', 'perf', '--anyway'],
      "Cannot use baselines as '--anyway' must be given to baseline set: current value is given to baseline clear",
    ],
    [
      ['set', '20260101-023000-2222'],
      /^Cannot set a baseline as 'RUN' must be one that says on which machine it ran: .*An older Assay/,
    ],
    [['set', '20260102-023000-2222'], /^Cannot set a baseline as 'RUN' must be one that measured something: /],
    [
      ['set', '20260103-023000-2222'],
      /^Cannot set a baseline as 'RUN' must be one that has ended: .*It goes on, or was killed/,
    ],
  ])('%p is refused in a sentence', async (words, sentence) => {
    const at = repository({ perf: measuring, p: planText('p', passing) })
    const [, ...later] = nights(at, 'perf', [1, 1, 1], { machine: undefined })
    const rewrite = (run: string | undefined, change: (text: string) => string) =>
      at.file(`runs/perf/${run}/journal.jsonl`, change(at.read(`runs/perf/${run}/journal.jsonl`)))
    const onMachine = (text: string) => text.replace('"bun":"b"', '"bun":"b","machine":"m1"')
    rewrite(later[0], (text) => onMachine(text).replace(/"metrics":\[.*\]/, '"metrics":[]'))
    rewrite(later[1], (text) => onMachine(text).replace(/\{"event":"run-ended".*\n/, ''))
    const ran = await at.run(['baseline', ...words])
    expect([ran.exit, sentenceOf(ran)]).toEqual([2, expect.stringMatching(sentence)])
    expect(readdirSync(join(at.dir, 'runs/perf')).filter((name) => name.startsWith('baseline'))).toEqual([])
  })
})
