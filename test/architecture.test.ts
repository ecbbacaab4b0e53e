import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dir, '..')

/** From which rooms a room may import; a file of `lib/index.ts` is the room `lib`. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  plans: ['lib', 'tasks', 'benchmarks'],
  benchmarks: ['lib', 'lib/shell', 'lib/stats', 'tasks'],
  tasks: ['lib', 'lib/shell', 'lib/stats'],
  lib: ['lib/plan', 'lib/record', 'lib/machine', 'lib/run', 'lib/stats'],
  'lib/plan': [],
  'lib/stats': [],
  'lib/shell': ['lib/plan'],
  'lib/record': ['lib/plan', 'lib/stats'],
  'lib/machine': ['lib/record', 'lib/plan', 'lib/stats', 'lib/shell'],
  'lib/run': ['lib/machine', 'lib/record', 'lib/plan', 'lib/stats', 'lib/shell'],
  'lib/report': ['lib/run', 'lib/record', 'lib/plan', 'lib/stats'],
  'lib/torture': ['lib/report', 'lib/record', 'lib/plan', 'lib/shell'],
  'lib/cli': [
    'lib/torture',
    'lib/report',
    'lib/run',
    'lib/machine',
    'lib/record',
    'lib/plan',
    'lib/stats',
    'lib/shell',
  ],
}

interface Import {
  readonly from: string
  readonly to: string
}

function filesUnder(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.ts') && statSync(join(root, path)).isFile())
}

function roomOf(path: string): string {
  const [top = '', second = '', third] = path.split('/')
  return top === 'lib' && third !== undefined ? `lib/${second}` : top
}

/** Every import line counts, `import type` and literal dynamic imports included. */
function specifiersOf(text: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const lines = code.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g,
  )
  return [...lines].flatMap(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? [])
}

function importsOf(path: string): readonly Import[] {
  return specifiersOf(readFileSync(join(root, path), 'utf8')).flatMap((specifier) =>
    specifier.startsWith('.') ? [{ from: path, to: relative(root, resolve(root, dirname(path), specifier)) }] : [],
  )
}

const sources = ['lib', 'tasks', 'plans', 'benchmarks'].flatMap(filesUnder)
const imports = sources.flatMap(importsOf)

describe('the house', () => {
  test('every import goes from a room to one it may use', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [here, there] = [roomOf(from), roomOf(to)]
      return here !== there && !(allowed[here] ?? []).includes(there)
    })
    expect(wrong).toEqual([])
    expect(imports.length).toBeGreaterThan(100)
  })

  test('an import against the direction is seen in each form it can have', () => {
    const forms = [
      "import { a } from '../run/x.ts'",
      "import type { A } from '../run/x.ts'",
      "import {\n  a,\n  type B,\n} from '../run/x.ts'",
      "export { a } from '../run/x.ts'",
      "const a = await import('../run/x.ts')",
      "import '../run/x.ts'",
      "type A = import('../run/x.ts').A",
    ]
    for (const form of forms) expect(specifiersOf(form)).toEqual(['../run/x.ts'])
  })

  test('every imported file is there, and no two import each other in a circle', () => {
    expect(imports.filter(({ to }) => !existsSync(join(root, to)))).toEqual([])
    expect(circle()).toEqual([])
  })

  const doors = ['lib/index.ts', 'lib/embed.ts']

  test('outside lib, only its doors, its shell and its statistics are known', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        !from.startsWith('lib/') &&
        to.startsWith('lib/') &&
        !doors.includes(to) &&
        !['lib/shell', 'lib/stats'].includes(roomOf(to)),
    )
    expect(wrong).toEqual([])
  })

  test('lib and every plan load without the heavy libraries', async () => {
    const heavy = ['sharp', '@aws-sdk/client-s3', 'zx', 'webgpu', '@huggingface/hub', '@observablehq/plot', 'linkedom']
    const entries = [
      'lib/index.ts',
      ...filesUnder('plans'),
      ...filesUnder('tasks').filter((path) => path.endsWith('.task.ts')),
    ]
    const code = `
      const loaded = []
      for (const entry of ${JSON.stringify(entries)}) await import(${JSON.stringify(`${root}/`)} + entry)
      for (const path of Object.keys(require.cache)) for (const name of ${JSON.stringify(heavy)})
        if (path.includes('/node_modules/' + name + '/')) loaded.push(name)
      console.log(JSON.stringify({ loaded: [...new Set(loaded)], seen: Object.keys(require.cache).length }))`
    const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', code], { cwd: root })
    expect(stderr.toString()).toBe('')
    const { loaded, seen } = JSON.parse(stdout.toString())
    expect(loaded).toEqual([])
    expect(seen).toBeGreaterThan(20)
  })

  test('no source file is longer than one idea', () => {
    const long = sources.filter((path) => readFileSync(join(root, path), 'utf8').split('\n').length > 300)
    expect(long).toEqual([])
  })
})

function circle(): readonly string[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to])
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return []
    for (const to of next.get(path) ?? []) {
      const found = visit(to, [...trail, path])
      if (found.length > 0) return found
    }
    done.add(path)
    return []
  }
  for (const path of next.keys()) {
    const found = visit(path, [])
    if (found.length > 0) return found
  }
  return []
}
