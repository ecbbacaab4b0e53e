import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../../lib/cli/code.ts'
import { importedNames } from '../../../lib/cli/imports.ts'
import { placesOf } from '../../../lib/cli/places.ts'
import { home, passing, planText, type Repository, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

describe('the code of a plan', () => {
  let repo: Repository
  /** The files that count, without what Assay is. */
  const files = () =>
    Object.keys(codeOf(placesOf(repo.dir), 'plan'))
      .filter((path) => path !== 'assay' && !path.startsWith('../'))
      .sort()
  beforeAll(() => {
    repo = repository()
    repo.file('tasks/used.ts', "export * from './deep/deeper.ts'\n")
    repo.file('tasks/deep/deeper.ts', 'export const deeper = 1\n')
    repo.file('tasks/late.ts', "export const worker = () => new Worker(new URL('./worker.ts', import.meta.url))\n")
    repo.file('tasks/worker.ts', "import './of-worker.ts'\n")
    repo.file('tasks/of-worker.ts', '')
    repo.file('tasks/sizes.json', '[1]')
    repo.file('tasks/types.ts', 'export type Size = number\n')
    repo.file('tasks/computed.ts', '')
    repo.file('tasks/unused.ts', '')
    repo.file('shared/package.json', '{ "name": "shared", "main": "main.ts" }')
    repo.file('shared/main.ts', '')
    symlinkSync(join(repo.dir, 'shared'), join(repo.dir, 'node_modules/shared'))
    repo.file('node_modules/other/package.json', '{ "name": "other", "main": "main.js" }')
    repo.file('node_modules/other/main.js', '')
  })

  test('is its file and what it imports from the repository, programs and workers named by URL too', () => {
    repo.file(
      'plans/plan.ts',
      `import { readFileSync } from 'node:fs'
       import 'shared'
       import 'other'
       import 'not-installed'
       import '../tasks/used.ts'
       import sizes from '../tasks/sizes.json'
       import type { Size } from '../tasks/types.ts'
       export const late = async () => [readFileSync, sizes, await import('../tasks/late.ts')]
       export const computed = (name: string) => import(\`../tasks/\${name}.ts\`)
       export const folder = new URL('../tasks/', import.meta.url)
       export const size: Size = 1\n`,
    )
    expect(files()).toEqual([
      'plans/plan.ts',
      'shared/main.ts',
      'tasks/deep/deeper.ts',
      'tasks/late.ts',
      'tasks/of-worker.ts',
      'tasks/sizes.json',
      'tasks/used.ts',
      'tasks/worker.ts',
    ])
  })

  test('is all Python files of a folder where a program of it is named: they import each other by name alone', () => {
    repo.file('plans/trains.ts', "export const program = new URL('../tasks/train/train.py', import.meta.url)\n")
    for (const name of ['train.py', 'network.py', 'notes.txt']) repo.file(`tasks/train/${name}`, name)
    const counted = Object.keys(codeOf(placesOf(repo.dir), 'trains')).filter((path) => path.startsWith('tasks/'))
    expect(counted.sort()).toEqual(['tasks/train/network.py', 'tasks/train/train.py'])
  })

  test('is another when a byte of any of them is, and only that one is named', () => {
    const before = codeOf(placesOf(repo.dir), 'plan')
    writeFileSync(join(repo.dir, 'tasks/of-worker.ts'), ' ')
    const now = codeOf(placesOf(repo.dir), 'plan')
    expect(Object.keys(now).filter((path) => now[path] !== before[path])).toEqual(['tasks/of-worker.ts'])
    expect(codeOf(placesOf(repo.dir), 'plan')).toEqual(now)
  })

  test('has the packages by their lock file and Assay by its version', () => {
    expect(codeOf(placesOf(repo.dir), 'plan').assay).toMatch(/^\d+\.\d+\.\d+/)
    repo.file('bun.lock', 'one')
    const before = codeOf(placesOf(repo.dir), 'plan')
    repo.file('bun.lock', 'two')
    expect(codeOf(placesOf(repo.dir), 'plan')['bun.lock']).not.toBe(before['bun.lock'])
    rmSync(join(repo.dir, 'bun.lock'))
  })

  test('is found through folders that are links, and where files import each other', () => {
    mkdirSync(join(repo.dir, 'elsewhere'))
    repo.file('elsewhere/one.ts', "import './two.ts'\n")
    repo.file('elsewhere/two.ts', "import './one.ts'\n")
    symlinkSync(join(repo.dir, 'elsewhere'), join(repo.dir, 'tasks/link'))
    repo.file('plans/plan.ts', "import '../tasks/link/one.ts'\nimport '../elsewhere/two'\n")
    expect(files()).toEqual(['elsewhere/one.ts', 'elsewhere/two.ts', 'plans/plan.ts'])
  })
})

test('the code of our own plans is that of their stages, their store and their workers too', () => {
  const code = codeOf(placesOf(home), 'functional-1')
  const scripts = ['tasks/pipeline/stage', 'tasks/object-store/server'].flatMap((folder) =>
    [...new Bun.Glob('*.ts').scanSync({ cwd: join(home, folder) })].map((name) => `${folder}/${name}`),
  )
  const types = 'tasks/pipeline/stage/definition.ts'
  expect([...scripts, 'tasks/pipeline/evidence-worker.ts', 'bun.lock'].filter((path) => !(path in code))).toEqual([
    types,
  ])
})

describe('what a script imports', () => {
  test.each([
    ["import 'a'", ['a']],
    ['import{x}from"a"', ['a']],
    ["import x, { y } from 'a'", ['a']],
    ["import * as x from 'a'", ['a']],
    ["import {\n  x,\n  y,\n} from\n  'a'", ['a']],
    ["import type from 'a'", ['a']],
    ["import type, { x } from 'a'", ['a']],
    ["import { type x } from 'a'", ['a']],
    ["import x from './a.json' with { type: 'json' }", ['./a.json']],
    ["import x = require('a')", ['a']],
    ["export * from 'a'", ['a']],
    ["export * as x from 'a'", ['a']],
    ["export { x } from 'a'", ['a']],
    ["const x = await import('a')", ['a']],
    ['import(`a`)', ['a']],
    ["import(/* webpackChunkName: 'b' */ 'a')", ['a']],
    ["require('a')", ['a']],
    ["new Worker(new URL('./a.ts', import.meta.url))", ['./a.ts']],
    ["new URL(\n  './a.ts',\n  import.meta.url,\n)", ['./a.ts']],
    ["import type { X } from 'a'\nimport 'b'", ['b']],
    ["export type { X } from 'a'; import 'b'", ['b']],
    ['import(`./$' + '{name}.ts`)', []],
    ["new URL('https://example.org/a.ts', base)", []],
    ["Array.from('abc')", ['abc']],
    ["const important = 'a'", []],
  ])('%j', (source, expected) => {
    expect(importedNames(source)).toEqual(expected)
  })

  test('is all that Bun finds, in every file of ours', () => {
    const scripts = new Bun.Glob('{lib,tasks,plans,benchmarks,test}/**/*.ts').scanSync({ cwd: home })
    let found = 0
    for (const path of scripts) {
      // Bun does not look for imports behind a line for the shell.
      const source = readFileSync(join(home, path), 'utf8').replace(/^#!.*/, '')
      const names = new Set(importedNames(source))
      const missed = new Bun.Transpiler({ loader: 'ts' }).scanImports(source).filter(({ path }) => !names.has(path))
      expect([path, missed]).toEqual([path, []])
      found += names.size
    }
    expect(found).toBeGreaterThan(500)
  })
})

describe('a line changed between a kill and --resume', () => {
  const plan = `import { work } from '../tasks/work.ts'
${planText(
  'killed',
  `const first = plan.step({ name: 'first', output: v.number(), run: () => work() })
   plan.step({ name: 'second', needs: { first }, output: v.number(), run: async (_, { env }) => {
     if (env.KILL) process.kill(process.pid, 'SIGKILL')
     return 2
   } })`,
)}`
  const killed = async () => {
    const repo = repository({ killed: plan, other: planText('other', passing) })
    repo.file('tasks/work.ts', "export { work } from './deep/number.ts'\n")
    repo.file('tasks/deep/number.ts', 'export const work = () => 1\n')
    expect((await repo.run(['plan', 'killed'], { env: { KILL: 'yes' } })).exit).toBe(137)
    return repo
  }

  test('has the step run again that it made, and --explain names the file', async () => {
    const repo = await killed()
    repo.file('tasks/deep/number.ts', 'export const work = () => 3\n')
    const dry = await repo.run(['plan', 'killed', '--resume', '--dry-run'])
    expect(dry.out).toMatch(/first +runs: its code changed: tasks\/deep\/number\.ts/)
    const { exit, out } = await repo.run(['plan', 'killed', '--resume', '--explain'])
    expect(exit).toBe(0)
    expect(out).toContain('→ changed since it ran before: its code (tasks/deep/number.ts)')
    expect(out).toContain('because its code changed: tasks/deep/number.ts')
    expect(out).toContain('because it was running when the run stopped')
    expect((await repo.run(['plan', 'killed', '--resume'])).out).toStartWith('Nothing to do')
  })

  test('but not of a file that the plan does not import', async () => {
    const repo = await killed()
    repo.file('tasks/other.ts', '')
    repo.file('plans/other.ts', planText('other', `${passing}\n`))
    const { exit, out } = await repo.run(['plan', 'killed', '--resume', '--explain'])
    expect([exit, out]).toEqual([0, expect.stringContaining('because it passed, and its inputs, parameters and code')])
  })

  test('has a run go on that had passed', async () => {
    const repo = await killed()
    expect((await repo.run(['plan', 'killed', '--resume'])).exit).toBe(0)
    repo.file('tasks/work.ts', "export { work } from './deep/number.ts' // said again\n")
    const { exit, out } = await repo.run(['plan', 'killed', '--resume'])
    expect([exit, out]).toEqual([0, expect.stringContaining('its code (tasks/work.ts)')])
    expect(out).toContain('passed · 2 steps · ')
  })
})
