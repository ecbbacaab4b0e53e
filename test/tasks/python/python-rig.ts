import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Workshop } from '../../../tasks/python/place.ts'
import type { PythonWork } from '../../../tasks/python/programs.ts'
import type { Recipe } from '../../../tasks/python/recipes.ts'
import { pinOf, type Wheel, wheelOf } from './wheels.ts'

const newEnough = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11)); '

/** Why no environment can be made here; undefined where one can. */
export function pythonProblem(): string | undefined {
  if (Bun.which('uv') === null) return 'there is no uv on PATH'
  const tried = Bun.spawnSync(['python3', '-c', newEnough], { stderr: 'ignore' })
  return tried.exitCode === 0 ? undefined : 'there is no Python 3.11 with venv on PATH'
}

/** An index on loopback; each path that was asked for is noted. */
export interface Index {
  readonly url: string
  readonly asked: string[]
  /** How often wheels were fetched. */
  fetched(): number
  /** From now on wheels are never sent to their end. */
  hold(): void
  /** From now on all of it is. */
  goOn(): void
  [Symbol.dispose](): void
}

export function indexOf(wheels: readonly Wheel[]): Index {
  const asked: string[] = []
  let held = false
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 60,
    fetch(request) {
      const { pathname } = new URL(request.url)
      const path = decodeURIComponent(pathname)
      asked.push(path)
      const [, where, name = ''] = path.split('/')
      if (where === 'simple') {
        const files = wheels.filter((wheel) => wheel.package === name)
        const links = files.map(
          ({ file, sha256 }) => `<a href="/files/${encodeURIComponent(file)}#sha256=${sha256}">${file}</a><br>\n`,
        )
        return files.length === 0
          ? new Response('none', { status: 404 })
          : new Response(links.join(''), { headers: { 'content-type': 'text/html', 'cache-control': 'no-store' } })
      }
      const wheel = wheels.find(({ file }) => file === name)
      if (wheel === undefined) return new Response('none', { status: 404 })
      if (held && request.method === 'GET') return new Promise<Response>(() => {})
      return new Response(wheel.bytes)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/simple`,
    asked,
    fetched: () => asked.filter((path) => path.endsWith('.whl')).length,
    hold: () => {
      held = true
    },
    goOn: () => {
      held = false
    },
    [Symbol.dispose]: () => void server.stop(true),
  }
}

export const greet = wheelOf('greet', '1.0', { 'greet/__init__.py': "print('imported')\nWORD = 'hello'\n" })

/** A folder with programs of a test's own, a recipe of one small package, and what makes it. */
export interface Bench {
  readonly dir: string
  readonly shop: Workshop
  readonly recipe: Recipe
  /** What was announced, and what was logged, so far. */
  readonly announced: string[]
  readonly logged: string[]
  readonly progress: string[]
  /** With nothing on PATH but what `programs` names, in the folder `bin`. */
  work(options?: { readonly env?: Readonly<Record<string, string>>; readonly signal?: AbortSignal }): PythonWork
  file(path: string, text: string): string
  /** Writes a program for PATH. */
  program(name: string, text: string): string
  /** Has the recipe pin other wheels. */
  lock(...wheels: readonly Wheel[]): void
  [Symbol.dispose](): void
}

export function benchOf(index: Pick<Index, 'url'>, programs: readonly string[] = ['python3', 'uv']): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'assay-python-'))
  const file = (path: string, text: string) => {
    const full = join(dir, path)
    mkdirSync(join(full, '..'), { recursive: true })
    writeFileSync(full, text)
    return full
  }
  const program = (name: string, text: string) => {
    const path = file(`bin/${name}`, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }
  mkdirSync(join(dir, 'bin'))
  // Not links: some programs go by the name and the place that they are called by.
  for (const name of programs) program(name, `PATH='${process.env.PATH}' exec '${Bun.which(name)}' "$@"`)
  const lock = file('tiny.txt', pinOf(greet))
  const [announced, logged, progress]: [string[], string[], string[]] = [[], [], []]
  const size = { download: 1e6, disk: 2e6 }
  const recipe: Recipe = { name: 'tiny', lock, modules: ['greet'], size }
  const uv: Recipe = { name: 'uv', lock: file('uv.txt', 'uv==0.0.1\n'), modules: ['uv'], size }
  const clean = Object.entries(process.env).filter(([name]) => !/^(UV_|PIP_|PYTHON|ASSAY_|VIRTUAL_ENV)/.test(name))
  return {
    dir,
    recipe,
    shop: { folder: join(dir, 'python'), free: () => 1e12, uv },
    announced,
    logged,
    progress,
    file,
    program,
    work: ({ env = {}, signal = new AbortController().signal } = {}) => ({
      signal,
      env: {
        ...Object.fromEntries(clean),
        PATH: join(dir, 'bin'),
        UV_DEFAULT_INDEX: index.url,
        PIP_INDEX_URL: index.url,
        UV_CACHE_DIR: join(dir, 'cache'),
        PIP_NO_CACHE_DIR: '1',
        UV_HTTP_RETRIES: '0',
        ASSAY_TORCH_INDEX: '',
        ...env,
      },
      log: (line) => void logged.push(line),
      progress: (text) => void progress.push(text),
      announce: (sentence) => void announced.push(sentence),
    }),
    lock: (...wheels) => void writeFileSync(lock, wheels.map(pinOf).join('')),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
}

/** The numbers of the processes whose command line has this text in it. */
export function processesWith(text: string): readonly number[] {
  return [...new Bun.Glob('*/cmdline').scanSync({ cwd: '/proc', onlyFiles: false })].flatMap((path) => {
    try {
      const pid = Number.parseInt(path, 10)
      return readFileSync(join('/proc', path), 'latin1').includes(text) && pid !== process.pid ? [pid] : []
    } catch {
      return []
    }
  })
}
