import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failing, newestRun, passing, planText, type Repository, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

/** A plan that leaves a line in `loads` whenever it is imported. */
const traced = (name: string, more = '') =>
  `import { appendFileSync } from 'node:fs'\nappendFileSync('${'loads'}', '${name} ')\n${more}\n${planText(name, passing)}`

const loads = ({ dir }: Repository) =>
  existsSync(join(dir, 'loads')) ? readFileSync(join(dir, 'loads'), 'utf8').trim().split(' ') : []

describe('the list of plans', () => {
  test('stands by kind, in the order of its numbers, with how each last run came out', async () => {
    const repo = repository({
      'smoke-10': planText('smoke-10', passing),
      'smoke-9': planText('smoke-9', failing),
      'load-1': planText('load-1', passing).replace("kind: 'smoke'", "kind: 'performance'"),
    })
    repo.file('plans/notes.md', 'not a plan')
    repo.file('plans/smoke-9.test.ts', 'not a plan')
    await repo.run(['plan', 'smoke-9', 'smoke-10'])
    const { exit, out } = await repo.run(['plan'])
    expect(exit).toBe(0)
    expect(out).toMatch(
      /^performance\n +load-1 +never run +The plan load-1\n\nsmoke\n +smoke-9 +failed +\d+ m?s +The plan smoke-9\n +smoke-10 +passed +\d+ m?s +The plan smoke-10\n/,
    )
  })

  test('is found from a folder below the repository', async () => {
    const repo = repository({ here: planText('here', passing) })
    repo.file('some/where/x', '')
    const child = Bun.spawnSync([process.execPath, join(repo.dir, 'node_modules/assay/lib/cli/main.ts'), 'plan'], {
      cwd: join(repo.dir, 'some/where'),
    })
    expect(child.stdout.toString()).toContain('The plan here')
  })

  test('is told how to begin when it is empty', async () => {
    expect((await repository().run(['plan'])).out).toContain('bunx assay plan --new my-plan')
  })

  test('says that a run was interrupted when its journal has no end and nobody holds its lock', async () => {
    const repo = repository({ here: planText('here', passing) })
    await repo.run(['plan', 'here'])
    const journal = join(repo.dir, await newestRun(repo, 'here'), 'journal.jsonl')
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n')
    writeFileSync(journal, `${lines.slice(0, -1).join('\n')}\n{"event":"run-en`)
    expect((await repo.run(['plan'])).out).toMatch(/here +interrupted/)
  })
})

describe('the cache of the list', () => {
  test('spares importing a plan until it or anything it imports has changed', async () => {
    const repo = repository({
      a: traced('a', "import './lib/deep.ts'"),
      b: traced('b', "export const later = () => import('./lib/late.ts')"),
    })
    repo.file('plans/lib/deep.ts', "import './deeper.ts'\n")
    const deeper = repo.file('plans/lib/deeper.ts', 'export const x = 1\n')
    const late = repo.file('plans/lib/late.ts', 'export const y = 1\n')
    const listed = async () => {
      rmSync(join(repo.dir, 'loads'), { force: true })
      const { out } = await repo.run(['plan'])
      expect(out).toContain('The plan a')
      expect(out).toContain('The plan b')
      return loads(repo)
    }
    expect(await listed()).toEqual(['a', 'b'])
    expect(await listed()).toEqual([])
    writeFileSync(deeper, 'export const x = 22\n')
    expect(await listed()).toEqual(['a'])
    expect(await listed()).toEqual([])
    const { atime, mtime } = statSync(late)
    utimesSync(late, atime, new Date(mtime.getTime() + 1000))
    expect(await listed()).toEqual(['b'])
    rmSync(deeper)
    writeFileSync(join(repo.dir, 'plans/lib/deep.ts'), '')
    expect(await listed()).toEqual(['a'])
    writeFileSync(join(repo.dir, '.assay/plans.json'), '{"version":1,"files":')
    expect(await listed()).toEqual(['a', 'b'])
  })

  test('forgets a plan that is gone and one that no longer loads, and tries that one again each time', async () => {
    const repo = repository({ a: traced('a'), b: traced('b') })
    await repo.run(['plan'])
    repo.file('plans/b.ts', 'export default {')
    expect((await repo.run(['plan'])).out).toContain("Cannot load plan b as 'plans/b.ts:1:")
    repo.file('plans/b.ts', traced('b'))
    expect((await repo.run(['plan'])).out).not.toContain('Cannot')
    rmSync(join(repo.dir, 'plans/b.ts'))
    expect((await repo.run(['plan'])).out).not.toContain('The plan b')
  })

  test('may be missing for ever where it cannot be written', async () => {
    const repo = repository({ a: traced('a') })
    repo.file('.assay', 'in the way')
    expect(await repo.run(['plan'])).toMatchObject({ exit: 0, err: '' })
  })
})
