import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { planText, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

const old = ['20200101-000000-aaaa', '20200102-000000-aaaa', '20200103-000000-aaaa']

function withRuns() {
  const repo = repository()
  for (const run of old) repo.file(`runs/p/${run}/data`, 'x'.repeat(5000))
  repo.file('runs/q/20200101-000000-aaaa/data', 'x')
  return repo
}

const runsOf = (repo: ReturnType<typeof withRuns>, plan: string) =>
  readdirSync(join(repo.dir, 'runs', plan))
    .filter((name) => !name.startsWith('.'))
    .sort()

describe('gc', () => {
  test('removes what is older than it is told to keep, never the newest run of a plan', async () => {
    const repo = withRuns()
    const dry = await repo.run(['gc', '--dry-run'])
    expect(dry).toMatchObject({ exit: 0, err: '' })
    expect(dry.out).toBe(
      `would remove runs/p/${old[0]}  5.0 kB\nwould remove runs/p/${old[1]}  5.0 kB\nWould free 2 folders, 10 kB\n`,
    )
    expect([runsOf(repo, 'p'), existsSync(join(repo.dir, 'runs/p/.lock'))]).toEqual([old, false])
    expect((await repo.run(['gc'])).out).toContain('Freed 2 folders, 10 kB')
    expect([runsOf(repo, 'p'), runsOf(repo, 'q')]).toEqual([old.slice(2), old.slice(0, 1)])
    expect((await repo.run(['gc'])).out).toBe('Nothing to remove\n')
  })

  test('keeps as many runs of each plan as it is told', async () => {
    const repo = withRuns()
    await repo.run(['gc', '--keep', '2'])
    expect([runsOf(repo, 'p'), runsOf(repo, 'q')]).toEqual([old.slice(1), old.slice(0, 1)])
  })

  test('frees what nobody has written to in .assay, but not what Python takes long to fetch', async () => {
    const repo = repository()
    const long = new Date('2020-01-01')
    for (const path of ['.assay/nvme', '.assay/python', '.assay/fresh']) {
      const file = repo.file(`${path}/x`, 'x')
      if (path === '.assay/fresh') continue
      utimesSync(file, long, long)
      utimesSync(join(repo.dir, path), long, long)
    }
    await repo.run(['gc'])
    expect(readdirSync(join(repo.dir, '.assay')).sort()).toEqual(['fresh', 'python'])
  })

  test('leaves a plan alone of which a run goes on', async () => {
    const body = `plan.step({ name: 'wait', output: v.number(), run: async (_, { env }) => {
      while (!(await Bun.file(env.GO).exists())) await Bun.sleep(5)
      return 1
    } })`
    const repo = repository({ p: planText('p', body) })
    for (const run of old) repo.file(`runs/p/${run}/data`, 'x')
    const child = repo.start(['plan', 'p'], { env: { GO: join(repo.dir, 'go') } })
    while (runsOf(repo, 'p').length === old.length) await Bun.sleep(5)
    const { out } = await repo.run(['gc', '--keep', '1'])
    expect(out).toMatch(/^left p alone: run 2\S+ of it goes on\n/)
    expect(runsOf(repo, 'p')).toHaveLength(4)
    repo.file('go', '')
    expect(await child.exited).toBe(0)
  })
})

describe('doctor', () => {
  test('says what is there, for people and as JSON', async () => {
    const repo = withRuns()
    const env = { S3_ENDPOINT: 'http://user:pass@127.0.0.1:9000', PATH: '/nowhere' }
    const { exit, out } = await repo.run(['doctor'], { env })
    expect(exit).toBe(0)
    expect(out).toMatch(/Bun +\d+\.\d+\.\d+ +1\.\d+\.\d+ or newer/)
    expect(out).toMatch(/rustfs +not on PATH +without it the embedded store is started/)
    expect(out).toMatch(/S3_ENDPOINT +http:\/\/\*\*\*@127\.0\.0\.1:9000/)
    expect(out).toMatch(/runs\/ +15 kB +free it: bunx assay gc --keep 30d/)
    expect(out).not.toContain('pass')
    const findings = JSON.parse((await repo.run(['doctor', '--json'], { env })).out)
    expect(findings).toContainEqual({ what: 'rustfs', found: 'not on PATH', note: expect.any(String) })
  })
})
