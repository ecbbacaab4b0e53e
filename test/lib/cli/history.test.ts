import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { failing, newestRun, passing, planText, type Repository, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

const waiting = `plan.step({ name: 'wait', output: v.number(), run: async (_, { signal }) => {
  while (!(await Bun.file('go').exists()) && !signal.aborted) await Bun.sleep(5)
  return 1
} })`

/** Resolves to the id of the run that goes on, once its step has begun. */
async function started(at: Repository): Promise<string> {
  const lock = join(at.dir, 'runs/slow/.lock')
  while (true) {
    const run = existsSync(lock) ? at.read('runs/slow/.lock').match(/"run":"([^"]+)"/)?.[1] : undefined
    const journal = join(at.dir, `runs/slow/${run}/journal.jsonl`)
    if (run !== undefined && existsSync(journal) && readFileSync(journal, 'utf8').includes('step-started')) return run
    await Bun.sleep(5)
  }
}

/** The table without its times. */
const told = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')
        .replace(/\d+ m?s\b/g, 'DURATION')
        .replace(/ +/g, ' ')
        .trim(),
    )

describe('history', () => {
  test('says that nothing has run yet', async () => {
    const { exit, out } = await repository({ p: planText('p', passing) }).run(['history'])
    expect([exit, out]).toEqual([0, 'Nothing has run yet. Run a plan: bunx assay plan\n'])
  })

  test('shows runs that ended, one that was killed, one that goes on and one that the lock kept out', async () => {
    const at = repository({
      good: planText('good', passing),
      bad: planText('bad', failing),
      slow: planText('slow', waiting),
    })
    await at.run(['plan', 'good'])
    await at.run(['plan', 'bad'])
    const killed = at.start(['plan', 'slow'])
    const first = await started(at)
    killed.kill('SIGKILL')
    await killed.exited
    const going = at.start(['plan', 'slow'])
    while ((await started(at)) === first) await Bun.sleep(5)
    const second = await started(at)
    expect((await at.run(['plan', 'slow'])).exit).toBe(75)
    const [good, bad] = [await newestRun(at, 'good'), await newestRun(at, 'bad')].map((path) => path.split('/').at(-1))
    const { exit, out } = await at.run(['history'])
    expect([exit, told(out)]).toEqual([
      0,
      [
        'plan started duration outcome exit run',
        `good TIME DURATION passed 0 ${good}`,
        `bad TIME DURATION failed 1 ${bad}`,
        `slow TIME interrupted ${first}`,
        `slow TIME running ${second}`,
        `slow TIME overlapped 75 kept out by ${second}`,
      ],
    ])
    expect(told((await at.run(['history', 'bad'])).out)).toHaveLength(2)
    expect(told((await at.run(['history', '--last', '2'])).out)).toHaveLength(3)
    const lines = (await at.run(['history', 'slow', '--json'])).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ kind, outcome }) => outcome ?? kind)).toEqual(['interrupted', 'running', 'overlapped'])
    const latest = (await at.run(['history', '--json', '--last', '1'])).out
    expect(JSON.parse(latest)).toMatchObject({ plan: 'slow', kind: 'overlapped' })
    at.file('go', '')
    expect(await going.exited).toBe(0)
  })

  test('shows a run that was killed and resumed as such', async () => {
    const at = repository({ slow: planText('slow', waiting) })
    const killed = at.start(['plan', 'slow'])
    const run = await started(at)
    killed.kill('SIGKILL')
    await killed.exited
    at.file('go', '')
    expect((await at.run(['plan', 'slow', '--resume'])).exit).toBe(0)
    expect(told((await at.run(['history'])).out)[1]).toBe(`slow TIME DURATION passed, resumed once 0 ${run}`)
    expect(JSON.parse((await at.run(['history', '--json'])).out)).toMatchObject({ outcome: 'passed', sittings: 2 })
  })

  test('shows in one line the nights on which nothing started', async () => {
    const at = repository({ nightly: planText('nightly', passing, `schedule: { cron: '30 2 * * *', zone: 'UTC' }`) })
    const since = new Date(Date.now() - 4 * 86_400_000)
    const plans = { nightly: { cron: '30 2 * * *', zone: 'UTC', since: since.toISOString() } }
    at.file('runs/schedule.json', JSON.stringify({ schema: 1, plans }))
    const missed = (await at.run(['history'])).out
    expect(told(missed)[1]).toMatch(/^nightly TIME missed [34] times, the last TIME$/)
    expect(missed).toMatch(/ 02:30:00 .* 02:30:00\n$/)
    await at.run(['plan', 'nightly'])
    // Before the oldest run that is left nobody knows what there was.
    expect(told((await at.run(['history'])).out)[1]).toMatch(/^nightly TIME DURATION passed 0 /)
  })

  test('has the runs of a plan that is gone', async () => {
    const at = repository({ p: planText('p', passing) })
    await at.run(['plan', 'p'])
    at.file('plans/p.ts', 'export default {')
    expect(told((await at.run(['history', 'p'])).out)).toHaveLength(2)
  })
})
