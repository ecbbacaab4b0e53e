import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../../lib/index.ts'
import { foresee } from '../../../tasks/python/foresee.ts'
import { environmentOf } from '../../../tasks/python/make.ts'
import { inOwnMounts, mountProblem } from '../../mount.ts'
import { benchOf, greet, indexOf, pythonProblem } from './python-rig.ts'

setDefaultTimeout(60_000)

const problem = pythonProblem()
if (problem !== undefined) console.warn(`skipped: what keeps a Python environment from being made: ${problem}`)

const index = indexOf([greet])
afterAll(() => index[Symbol.dispose]())

type Options = Parameters<ReturnType<typeof benchOf>['work']>[0]

/** What is said before a run would begin, which must leave nothing. */
async function foreseen(bench: ReturnType<typeof benchOf>, options?: Options, shop = bench.shop): Promise<string> {
  const said = await foresee(bench.recipe, bench.work(options), shop).then(() => 'nothing', messageOf)
  expect(existsSync(bench.shop.folder)).toBe(false)
  return said
}

/** What is said when it is to be made all the same. */
function made(bench: ReturnType<typeof benchOf>, options?: Options, shop = bench.shop): Promise<string> {
  return environmentOf(bench.recipe, bench.work(options), shop).then(() => 'nothing', messageOf)
}

const start = "Cannot make the Python environment 'tiny' as"

describe.skipIf(problem !== undefined)('before a run', () => {
  test('nothing is said of what could be made, and nothing is left', async () => {
    using bench = benchOf(index)
    expect(await foreseen(bench)).toBe('nothing')
  })

  test('no Python on PATH, and none that is new enough', async () => {
    using bench = benchOf(index, [])
    const sentence = (found: string) =>
      `${start} 'python3' must be Python 3.11 or newer on PATH: current value is ${found}. Install one (with uv: uv python install 3.13), or name yours by ASSAY_PYTHON.`
    expect(await foreseen(bench)).toBe(sentence('not there'))
    // Nor does uv know of any.
    bench.program('uv', 'test "$1" = --version && echo "uv 0.13.9 (linux)"')
    expect(await foreseen(bench)).toBe(sentence('not there'))
    const old = bench.program('python3', `echo '{"version": "3.9.18"}'`)
    const broken = bench.program('python3.12', 'echo "no such version" >&2; exit 127')
    const told = sentence(`${old}: 3.9.18; ${broken}: it ended with exit code 127: no such version`)
    expect([await foreseen(bench), await made(bench)]).toEqual([told, told])
  })

  test('one that is new enough behind one that is not is found', async () => {
    using bench = benchOf(index)
    bench.program('python3.12', `exec '${join(bench.dir, 'bin/real')}' "$@"`)
    bench.program('real', `PATH='${process.env.PATH}' exec '${Bun.which('python3')}' "$@"`)
    bench.program('python3', `echo '{"version": "3.9.18"}'`)
    expect(await foreseen(bench)).toBe('nothing')
  })

  test('too little disk', async () => {
    using bench = benchOf(index)
    const shop = { ...bench.shop, free: () => 1_000_000 }
    const sentence = `${start} 'disk' must be one with 2 MB free: current value is 1 MB at ${shop.folder}. Free some of it.`
    expect([await foreseen(bench, {}, shop), await made(bench, {}, shop)]).toEqual([sentence, sentence])
  })

  const next =
    'Check the network, name a mirror by UV_DEFAULT_INDEX or PIP_INDEX_URL, or your own Python by ASSAY_PYTHON.'

  test('an index that refuses', async () => {
    using bench = benchOf(index)
    const env = { UV_DEFAULT_INDEX: 'http://127.0.0.1:9/simple' }
    for (const said of [await foreseen(bench, { env }), await made(bench, { env })]) {
      expect(said).toMatch(
        /^Cannot make the Python environment 'tiny' as 'the package index' must be within reach: current value is Failed to fetch: .* \(.*[Cc]onnection refused.*\)\. /,
      )
      expect(said).toEndWith(next)
    }
  })

  test('an index that never answers', async () => {
    using silent = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Promise<Response>(() => {}) })
    using bench = benchOf(index)
    const env = { UV_DEFAULT_INDEX: `http://127.0.0.1:${silent.port}/simple`, UV_HTTP_TIMEOUT: '1' }
    const said = await foreseen(bench, { env })
    expect(said).toStartWith(`${start} 'the package index' must be within reach: current value is Failed to fetch`)
    silent.stop(true)
  })

  test('an index that lacks a package, or has another in its place', async () => {
    using bench = benchOf(index)
    bench.file('tiny.txt', `greet==1.1 --hash=sha256:${greet.sha256}\n`)
    expect(await foreseen(bench)).toMatch(
      /^Cannot .* as 'uv \d+\.\d+\.\d+' must be able to install what is locked: current value is No solution found .* no version of greet==1\.1/,
    )
    bench.file('tiny.txt', `greet==1.0 --hash=sha256:${'0'.repeat(64)}\n`)
    expect(await made(bench)).toMatch(/^Cannot .* as 'uv .*' must be able to install what is locked: .*Hash mismatch/)
  })

  test.skipIf(process.env.ASSAY_LONG !== 'yes')('with pip alone it is asked as well', async () => {
    using bench = benchOf(index, ['python3'])
    const said = await foreseen(bench, { env: { PIP_INDEX_URL: 'http://127.0.0.1:9/simple' } })
    expect(said).toStartWith(`${start} 'the package index' must be within reach: current value is `)
  })
})

describe.skipIf(problem !== undefined)('ASSAY_PYTHON', () => {
  const own = async (
    python: string,
    modules: readonly string[] = ['json'],
    more: Readonly<Record<string, string>> = {},
  ) => {
    using bench = benchOf(index)
    const work = bench.work({ env: { ASSAY_PYTHON: python, ...more } })
    return await foresee({ ...bench.recipe, modules }, work, bench.shop).then(() => 'nothing', messageOf)
  }
  const refused = "Cannot use your own Python for 'tiny' as 'ASSAY_PYTHON' must be"

  test('is taken as it is where it has all that is needed', async () => {
    expect(await own('python3')).toBe('nothing')
  })

  test('that does not start, or is none, is refused', async () => {
    expect([await own('/nowhere/python'), await own('echo')]).toEqual([
      `${refused} an interpreter that starts: current value is /nowhere/python (it is not there, or may not be run). Name another, or unset it.`,
      `${refused} an interpreter that starts: current value is echo (it is not there, or may not be run). Name another, or unset it.`,
    ])
    expect(await own('/bin/echo')).toContain('/bin/echo (it does not answer as a Python does)')
    expect(await own('/bin/false')).toContain('/bin/false (it ended with exit code 1)')
  })

  test('that is too old is refused', async () => {
    using bench = benchOf(index)
    const old = bench.program('old', `echo '{"version": "3.9.18"}'`)
    expect(await own(old)).toBe(
      `${refused} Python 3.11 or newer: current value is ${old}, which is 3.9.18. Name another, or unset it.`,
    )
  })

  test('that lacks modules is refused, with their names; one that is there and broken counts', async () => {
    using bench = benchOf(index)
    bench.file('modules/here.py', "print('noise on stdout')\n")
    bench.file('modules/broken.py', "raise ImportError('libcublas.so.13 is not there')\n")
    const more = { PYTHONPATH: join(bench.dir, 'modules') }
    expect(await own('python3', ['here', 'nowhere', 'broken', 'elsewhere'], more)).toBe(
      `${refused} an interpreter that can import here, nowhere, broken, elsewhere: current value is python3, which lacks nowhere, broken (libcublas.so.13 is not there), elsewhere. Install them there, or unset it and have Assay make an environment.`,
    )
    expect(await own('python3', ['here'], more)).toBe('nothing')
  })
})

const noMount = problem ?? mountProblem()
if (noMount !== undefined) console.warn(`skipped: a disk that is full while an environment is made: ${noMount}`)

test.skipIf(noMount !== undefined)(
  'a disk that is full while it is made is said so, and it is made once there is room',
  async () => {
    using bench = benchOf(index)
    const script = bench.file(
      'make.ts',
      `
    import { environmentOf } from '${join(import.meta.dir, '../../../tasks/python/make.ts')}'
    const work = { signal: new AbortController().signal, env: ${JSON.stringify({ ...bench.work().env, UV_LINK_MODE: 'copy' })}, log() {}, progress() {} }
    const shop = { ...${JSON.stringify(bench.shop)}, folder: '/mnt/python', free: () => 1e12 }
    const make = () => environmentOf(${JSON.stringify(bench.recipe)}, work, shop).then(() => 'made', ({ message }) => message)
    console.log(await make())
    Bun.spawnSync(['mount', '-o', 'remount,size=100m', '/mnt'])
    console.log(await make())`,
    )
    // Room for a folder or two, and not for what uv puts into an environment.
    const words = [
      ...inOwnMounts,
      'sh',
      '-c',
      'mount -t tmpfs -o size=24k none /mnt && exec "$0" "$1"',
      process.execPath,
      script,
    ]
    const child = Bun.spawn(words, { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
    const [said, again] = (await child.stdout.text()).trim().split('\n')
    expect(said).toMatch(
      /^Cannot make the Python environment 'tiny' as 'disk' must be large enough: current value is .*[Nn]o space left.*Free some of it, also where uv or pip keep their cache\.$/,
    )
    expect(again).toBe('made')
  },
)
