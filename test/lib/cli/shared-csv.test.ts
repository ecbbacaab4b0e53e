import { afterAll, describe, expect, test } from 'bun:test'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { thisProcess } from '../../../lib/record/holder.ts'
import { tryLock } from '../../../lib/record/lock.ts'
import { csvRecords } from '../../../lib/report/csv-records.ts'
import { newestRun, passing, planText, type Repository, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

/** Its second step waits for the file `go`, where it is told to. */
const two = planText(
  'two',
  `const first = plan.step({ name: 'first', output: v.number(), run: () => 1 })
  plan.step({ name: 'second', needs: { first }, output: v.number(), run: async (_, { env }) => {
    while (env.WAIT && !(await Bun.file('go').exists())) await Bun.sleep(5)
    return 2
  } })`,
)

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('It did not come to that')
    await Bun.sleep(5)
  }
}

/** `run step outcome` of each row but the first steps', which are in every run the same. */
function told({ read }: Repository, file = 'all.csv'): readonly string[] {
  const text = read(file)
  expect(text.match(/^schema,/gm)).toHaveLength(1)
  expect(text).toEndWith('\r\n')
  return csvRecords(text).map(({ run, step, outcome }) => `${run} ${step} ${outcome}`)
}

const owed = ({ dir }: Repository) =>
  existsSync(join(dir, 'runs/two/.owed-csv')) ? readdirSync(join(dir, 'runs/two/.owed-csv')) : []

/** Starts a run and kills it when its own results are written and only those in `all.csv` are missing. Returns its id. */
async function killedBeforeAppending(repo: Repository, words: readonly string[] = []): Promise<string> {
  repo.file('all.csv', '')
  const fd = openSync(join(repo.dir, 'all.csv'), 'r+')
  expect(tryLock(fd)).toBe(true)
  const child = repo.start(['plan', 'two', '--csv', 'all.csv', ...words])
  await until(async () => existsSync(join(repo.dir, await newestRun(repo, 'two').catch(() => ''), 'junit.xml')))
  child.kill('SIGKILL')
  await child.exited
  closeSync(fd)
  expect(repo.read('all.csv')).toBe('')
  return (await newestRun(repo, 'two')).split('/').at(-1) ?? ''
}

describe('the rows of a run that was killed before it appended them', () => {
  test('are added by the next run of the plan, also of one that asks for no file', async () => {
    const repo = repository({ two })
    const killed = await killedBeforeAppending(repo)
    const { exit, err } = await repo.run(['plan', 'two'])
    expect([exit, err]).toEqual([0, ''])
    expect(told(repo)).toEqual([`${killed} first passed`, `${killed} second passed`])
    await repo.run(['plan', 'two', '--csv', 'all.csv'])
    expect(told(repo)).toHaveLength(4)
    expect(owed(repo)).toEqual([])
  })

  test('are added when it is resumed, though there is nothing to do', async () => {
    const repo = repository({ two })
    const killed = await killedBeforeAppending(repo)
    const { out } = await repo.run(['plan', 'two', '--resume', '--csv', 'all.csv'])
    expect(out).toStartWith('Nothing to do')
    expect(told(repo)).toEqual([`${killed} first passed`, `${killed} second passed`])
    expect(owed(repo)).toEqual([])
  })

  test('are added to the file it named, when it is resumed for another', async () => {
    const repo = repository({ two })
    const killed = await killedBeforeAppending(repo)
    await repo.run(['plan', 'two', '--resume', '--csv', 'other.csv'])
    for (const file of ['all.csv', 'other.csv'])
      expect(told(repo, file)).toEqual([`${killed} first passed`, `${killed} second passed`])
  })

  test('are not added again where it was killed once they stood there', async () => {
    const repo = repository({ two })
    await repo.run(['plan', 'two', '--csv', 'all.csv'])
    const before = repo.read('all.csv')
    const run = (await newestRun(repo, 'two')).split('/').at(-1) ?? ''
    const dead = { ...thisProcess(), started: 'long ago', file: join(repo.dir, 'all.csv') }
    repo.file(`runs/two/.owed-csv/${run}`, JSON.stringify(dead))
    await repo.run(['plan', 'two'])
    expect([repo.read('all.csv'), owed(repo)]).toEqual([before, []])
  })

  test('that cannot be added are told of once, and the next run passes', async () => {
    const repo = repository({ two })
    const killed = await killedBeforeAppending(repo)
    repo.file('all.csv', 'name,age\r\n')
    const { exit, err } = await repo.run(['plan', 'two'])
    expect(exit).toBe(0)
    expect(err).toMatch(/^Cannot append results as '.*all\.csv' must be .*bun run report makes its results again\n$/)
    expect((await repo.run(['plan', 'two'])).err).toBe('')
    expect(readdirSync(join(repo.dir, 'runs/two'))).toContain(killed)
  })

  test('by a note that cannot be read are told of once, and keep no run from passing', async () => {
    const repo = repository({ two })
    repo.file('runs/two/.owed-csv/20261121-071602-k3x9', '{')
    const { exit, err } = await repo.run(['plan', 'two'])
    expect([exit, err]).toEqual([
      0,
      expect.stringMatching(/^Cannot add the rows of a killed run as .* see report\.\n$/),
    ])
    expect(owed(repo)).toEqual([])
  })
})

test('a run that is killed in a step leaves its rows to the next one; resumed, it adds only what it comes to', async () => {
  const repo = repository({ two })
  const kill = async () => {
    const before = await newestRun(repo, 'two')
    const child = repo.start(['plan', 'two', '--csv', 'all.csv'], { env: { WAIT: 'yes' } })
    await until(async () => {
      const run = await newestRun(repo, 'two')
      return run !== before && repo.read(`${run}/journal.jsonl`).includes('"second","attempt"')
    })
    child.kill('SIGKILL')
    await child.exited
    return (await newestRun(repo, 'two')).split('/').at(-1) ?? ''
  }
  await repo.run(['plan', 'two', '--csv', 'all.csv'])
  const first = told(repo)
  const killed = await kill()
  const resumed = await repo.run(['plan', 'two', '--resume', '--csv', 'all.csv'])
  expect(resumed.exit).toBe(0)
  expect(told(repo)).toEqual([...first, `${killed} first passed`, `${killed} second passed`])
  const lost = await kill()
  await repo.run(['plan', 'two'])
  expect(told(repo).slice(4)).toEqual([`${lost} first passed`, `${lost} second aborted`])
})

test('runs at once, half of them killed at any moment, each stand in the file once', async () => {
  const repo = repository({ two })
  const began = ({ dir }: Repository) =>
    readdirSync(join(dir, 'runs/two')).filter((run) => {
      const journal = join(dir, 'runs/two', run, 'journal.jsonl')
      return existsSync(journal) && readFileSync(journal, 'utf8').includes('"step-started"')
    })
  const children = Array.from({ length: 8 }, () => repo.start(['plan', 'two', '--parallel', '--csv', 'all.csv']))
  await until(() => existsSync(join(repo.dir, 'runs/two')))
  for (const [index, child] of children.entries())
    if (index % 2 === 1) {
      await until(() => began(repo).length > index / 2 || child.exitCode !== null)
      child.kill('SIGKILL')
    }
  await Promise.all(children.map((child) => child.exited))
  const runs = began(repo)
  expect((await repo.run(['plan', 'two', '--csv', 'all.csv'])).exit).toBe(0)
  const rows = told(repo).map((row) => row.replace(/ \w+$/, ''))
  expect(rows.toSorted()).toEqual([...new Set(rows)].sort())
  for (const run of runs) expect(rows).toContain(`${run} second`)
  expect(owed(repo)).toEqual([])
})

test('plans that write one CSV lose no row', async () => {
  const names = ['p1', 'p2', 'p3', 'p4']
  const repo = repository(Object.fromEntries(names.map((name) => [name, planText(name, passing)])))
  const ran = await Promise.all(names.map((name) => repo.run(['plan', name, '--csv', 'one.csv'])))
  expect(ran.map(({ exit }) => exit)).toEqual([0, 0, 0, 0])
  const lines = repo.read('one.csv').trimEnd().split('\r\n')
  const own = await Promise.all(names.map(async (name) => repo.read(`${await newestRun(repo, name)}/results.csv`)))
  const expected = own.flatMap((text) => text.trimEnd().split('\r\n').slice(1))
  expect(lines.slice(1).sort()).toEqual(expected.sort())
  expect(lines[0]).toStartWith('schema,')
})
