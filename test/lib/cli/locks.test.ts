import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { newestRun, passing, planText, type Repository, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

/** A step that ends once the file `go` is there. */
const waiting = `plan.step({ name: 'wait', output: v.number(), run: async (_, { signal }) => {
  while (!(await Bun.file('go').exists()) && !signal.aborted) await Bun.sleep(5)
  return 1
} })`

const repo = () => repository({ slow: planText('slow', waiting) })

async function started(at: Repository): Promise<string> {
  const lock = join(at.dir, 'runs/slow/.lock')
  while (!existsSync(lock) || readFileSync(lock, 'utf8') === '') await Bun.sleep(5)
  return readFileSync(lock, 'utf8')
}

const runsOf = ({ dir }: Repository) =>
  readdirSync(join(dir, 'runs/slow'))
    .filter((name) => /^\d/.test(name))
    .sort()

describe('two runs of one plan', () => {
  test('do not overlap: the second exits 75 and says who holds the lock since when, and leaves no run', async () => {
    const at = repo()
    const first = at.start(['plan', 'slow'])
    const { run, since } = JSON.parse(await started(at))
    const second = await at.run(['plan', 'slow'])
    expect([second.exit, sentenceOf(second)]).toEqual([
      75,
      `Cannot run slow as 'every other run of slow' must be over: current value is run ${run} (process ${first.pid} on ${hostname()}), running since ${since}. Wait for it to end, or stop it, or run beside it with --parallel.`,
    ])
    at.file('go', '')
    expect([await first.exited, runsOf(at)]).toEqual([0, [run]])
    expect((await at.run(['plan', 'slow'])).exit).toBe(0)
  })

  test('are told apart also where the second cannot be noted', async () => {
    const at = repo()
    const first = at.start(['plan', 'slow'])
    await started(at)
    at.file('runs/slow/refused.jsonl/in-its-place', '')
    const second = await at.run(['plan', 'slow'])
    at.file('go', '')
    expect([await first.exited, second.exit, second.err.match(/^Cannot .*? as /gm)]).toEqual([
      0,
      75,
      ['Cannot run slow as ', 'Cannot write results as '],
    ])
  })

  test('and one command of several plans has the one that was kept out in its JUnit, as an error', async () => {
    const at = repository({ slow: planText('slow', waiting), quick: planText('quick', passing), bad: 'syntax error' })
    const first = at.start(['plan', 'slow'])
    const { run } = JSON.parse(await started(at))
    const second = await at.run(['plan', 'slow', 'quick', '--junit', 'all.xml'])
    const alone = await at.run(['plan', 'slow', '--junit', 'alone.xml'])
    const broken = await at.run(['plan', 'bad', '--junit', 'bad.xml'])
    at.file('go', '')
    expect([await first.exited, second.exit, alone.exit, broken.exit]).toEqual([0, 75, 75, 2])
    const held = new RegExp(`<testsuite name="slow" tests="1" failures="0" errors="1" .* is run ${run} `, 's')
    for (const file of ['all.xml', 'alone.xml']) expect(at.read(file)).toMatch(held)
    expect(at.read('all.xml')).toMatch(/<testsuite name="quick" tests="2" failures="0" errors="0" /)
    expect(at.read('bad.xml')).toMatch(
      /<testsuite name="bad" tests="1" failures="0" errors="1" .*Cannot load plan bad/s,
    )
  })

  test('overlap with --parallel, each in its own folder', async () => {
    const at = repo()
    const first = at.start(['plan', 'slow'])
    await started(at)
    const second = at.start(['plan', 'slow', '--parallel'])
    const journal = () => join(at.dir, 'runs/slow', runsOf(at)[1] ?? '', 'journal.jsonl')
    while (!existsSync(journal()) || !readFileSync(journal(), 'utf8').includes('\n')) await Bun.sleep(5)
    const parallel = runsOf(at)[1] ?? ''
    // A third, which died: then nothing but the journals says which of them goes on.
    at.file('runs/slow/20990101-000000-2222/journal.jsonl', at.read(`runs/slow/${parallel}/journal.jsonl`))
    expect((await at.run(['history'])).out.match(/running|interrupted/g)).toEqual(['running', 'running', 'interrupted'])
    await at.run(['gc', '--keep', '1'])
    expect(runsOf(at)).toHaveLength(3)
    at.file('go', '')
    expect([await first.exited, await second.exited]).toEqual([0, 0])
    for (const run of runsOf(at).slice(0, 2))
      expect(at.read(`runs/slow/${run}/journal.jsonl`)).toContain('"event":"run-ended"')
  })

  test('cannot share one journal', async () => {
    const at = repository({ quick: planText('quick', passing) })
    await at.run(['plan', 'quick'])
    const ran = await at.run(['plan', 'quick', '--resume', '--parallel'])
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      2,
      "Cannot resume quick as '--parallel' must be for new runs only: current value is given for a resumed one. Leave it out: two must not write one journal.",
    ])
  })
})

describe('the lock of a run that died', () => {
  test('is taken over, which is said in one line and kept in the journal', async () => {
    const at = repo()
    const first = at.start(['plan', 'slow'])
    const { run, since } = JSON.parse(await started(at))
    first.kill('SIGKILL')
    await first.exited
    at.file('go', '')
    const { exit, out } = await at.run(['plan', 'slow'])
    const line = `took over the lock that run ${run} (process ${first.pid} on ${hostname()}) held since ${since}: that process is gone`
    expect([exit, out.replace(/\s+/g, ' ')]).toEqual([0, expect.stringContaining(line)])
    expect(at.read(join(await newestRun(at, 'slow'), 'journal.jsonl'))).toContain(line)
    expect((await at.run(['plan', 'slow'])).out).not.toContain('took over')
  })

  test('is obeyed when it was on another machine, and the file to delete is named', async () => {
    const at = repo()
    at.file('go', '')
    const holder = { run: 'r-7', pid: 7, host: 'node-7', boot: 'b', started: '1', since: '2026-11-21T02:30:00.000Z' }
    const lock = at.file('runs/slow/.lock', JSON.stringify(holder))
    const ran = await at.run(['plan', 'slow'])
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      75,
      "Cannot run slow as 'every other run of slow' must be over: current value is run r-7 (process 7 on node-7), running since 2026-11-21T02:30:00.000Z. Wait for it to end; if node-7 is gone, delete runs/slow/.lock",
    ])
    writeFileSync(lock, '')
    expect((await at.run(['plan', 'slow'])).exit).toBe(0)
  })
})
