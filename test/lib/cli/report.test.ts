import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failing, newestRun, passing, planText, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

describe('report', () => {
  const repo = repository({ one: planText('one', passing), two: planText('two', failing) })
  let shown = ''
  let [one, two] = ['', '']
  beforeAll(async () => {
    await repo.run(['plan', 'one'])
    shown = (await repo.run(['plan', 'two'])).out
    one = await newestRun(repo, 'one')
    two = await newestRun(repo, 'two')
  })

  test('shows the newest run of all plans as it was shown, and ends with 0 whatever came of it', async () => {
    expect(await repo.run(['report'])).toEqual({ exit: 0, out: shown, err: '' })
  })

  test.each([
    ['--csv', 'results.csv'],
    ['--junit', 'junit.xml'],
    ['--json', 'journal.jsonl'],
  ])('%s gives %s byte for byte, on stdout and in a file', async (flag, file) => {
    const words = flag === '--json' ? [flag] : [flag, '-']
    expect((await repo.run(['report', ...words])).out).toBe(repo.read(`${two}/${file}`))
    if (flag === '--json') return
    repo.file('old', 'x'.repeat(100_000))
    const written = await repo.run(['report', flag, 'old'])
    expect([written.out, repo.read('old')]).toEqual(['', repo.read(`${two}/${file}`)])
  })

  test('finds a run by its id, a beginning of it, its folder and its journal', async () => {
    const id = one.split('/').at(-1) ?? ''
    const asked = [id, id.slice(0, -1), one, `./${one}/`, join(repo.dir, one), `${one}/journal.jsonl`]
    for (const given of asked) expect((await repo.run(['report', given])).out).toContain('The plan one')
  })

  test('reads a run that was carried to another place', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'assay-carried-'))
    try {
      cpSync(join(repo.dir, one), join(elsewhere, 'run'), { recursive: true })
      const { exit, out } = await repo.run(['report', join(elsewhere, 'run'), '--csv', '-'])
      expect([exit, out]).toEqual([0, readFileSync(join(repo.dir, one, 'results.csv'), 'utf8')])
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  })

  test('puts several runs into one CSV with one header', async () => {
    const { out } = await repo.run(['report', one, two, '--csv', '-'])
    const [header, ...rows] = repo.read(`${one}/results.csv`).split('\r\n')
    expect(out).toStartWith([header, ...rows].join('\r\n'))
    expect(out.match(/^schema,/gm)).toHaveLength(1)
    expect(out).toContain(',two,')
  })

  test('of a beginning that several runs have names them', async () => {
    const { exit, err } = await repo.run(['report', '20'])
    expect(exit).toBe(2)
    for (const path of [one, two]) expect(err).toContain(path.split('/').at(-1) ?? '')
  })

  test('--explain of a run that was killed says what was running, what had not run and what to do next', async () => {
    const body = `
      const first = plan.step({ name: 'first', output: v.number(), run: () => 1 })
      const convert = plan.step({ name: 'convert', needs: { first }, output: v.number(), run: async () => {
        while (true) await Bun.sleep(5)
      } })
      plan.step({ name: 'later', needs: { convert }, output: v.number(), run: () => 3 })`
    const at = repository({ killed: planText('killed', body) })
    const child = at.start(['plan', 'killed'])
    const journal = async () => at.read(`${await newestRun(at, 'killed')}/journal.jsonl`)
    while (
      !(await journal().catch(() => '')).includes('"step-started","at":"') ||
      !(await journal()).includes('convert","attempt')
    )
      await Bun.sleep(5)
    const during = (await at.run(['report', '--explain'])).out
    expect(during).toMatch(/^ {2}… convert +is running\n {2}– later +has not run yet\n/m)
    expect(during).not.toContain('go on')
    child.kill('SIGKILL')
    await child.exited
    const { exit, out } = await at.run(['report', '--explain'])
    expect(exit).toBe(0)
    expect(out).toMatch(/^ {2}… convert +was running when the run was killed\n {2}– later +had not run\n/m)
    expect(out).toEndWith('  go on: bunx assay plan killed --resume\n')
    const run = (await newestRun(at, 'killed')).split('/').at(-1)
    at.file('runs/killed/20990101-000000-aaaa/journal.jsonl', await journal())
    expect((await at.run(['report', run ?? ''])).out).toEndWith(
      `  go on: bunx assay plan killed --resume --run ${run}\n`,
    )
  })

  test('of a journal that a newer Assay wrote is refused, and so is one with a hole', async () => {
    const journal = repo.read(`${one}/journal.jsonl`)
    repo.file('runs/one/20990101-000000-aaaa/journal.jsonl', journal.replace('"schema":1', '"schema":2'))
    expect((await repo.run(['report'])).err).toContain('must be at most 1: current value is 2')
    repo.file('runs/one/20990101-000000-aaaa/journal.jsonl', journal.replace('{"event":"step-started"', '{"eve'))
    expect((await repo.run(['report'])).err).toMatch(/journal.jsonl:2' must be an event of a run/)
    repo.file('runs/one/20990101-000000-aaaa/journal.jsonl', journal.slice(0, -20))
    expect((await repo.run(['report'])).out).toContain('unfinished')
    const whole = journal.slice(0, journal.slice(0, -1).lastIndexOf('\n') + 1)
    expect((await repo.run(['report', '--json'])).out).toBe(whole)
    rmSync(join(repo.dir, 'runs/one/20990101-000000-aaaa'), { recursive: true })
  })
})
