import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from '../../../tasks/python/make.ts'
import { recipes, uvRecipe } from '../../../tasks/python/recipes.ts'
import { torchSource } from '../../../tasks/python/torch.ts'
import { benchOf, greet, indexOf, pythonProblem } from './python-rig.ts'
import { pinOf, wheelOf } from './wheels.ts'

setDefaultTimeout(60_000)

const problem = pythonProblem()
if (problem !== undefined) console.warn(`skipped: where torch comes from: ${problem}`)

const cpu = wheelOf('torch', '9.9.9+cpu', { 'torch/__init__.py': "BUILD = 'cpu'\n" })
const cuda = wheelOf('torch', '9.9.9', { 'torch/__init__.py': "BUILD = 'cuda'\n" })
const nvidia = wheelOf('nvidia_all', '13.0', { 'nvidia/__init__.py': '' })

const main = indexOf([greet, cuda, { ...nvidia, package: 'nvidia-all' }])
const cpuIndex = indexOf([cpu])
afterAll(() => {
  for (const index of [main, cpuIndex]) index[Symbol.dispose]()
})

function torchBench() {
  const bench = benchOf(main)
  const lock = bench.file('torch.txt', pinOf(cuda) + pinOf({ ...nvidia, package: 'nvidia-all' }))
  const torch = { lock, cpu: { download: 1e6, disk: 1e6 }, full: { download: 3e9, disk: 5.4e9 } }
  return { ...bench, torch, recipe: { ...bench.recipe, modules: ['greet', 'torch'], torch } }
}

describe.skipIf(problem !== undefined)('torch is installed', () => {
  const installed = async (env: Readonly<Record<string, string>>) => {
    using bench = torchBench()
    const { python, versions } = await environmentOf(bench.recipe, bench.work({ env }), bench.shop)
    const code = `import torch, importlib.util; print(torch.BUILD, importlib.util.find_spec('nvidia') is not None)`
    const { stdout } = Bun.spawnSync([python, '-c', code])
    return { got: stdout.toString().trim(), version: versions.torch, said: bench.announced.join('\n') }
  }

  test('in its CPU build where the index of ASSAY_TORCH_INDEX has it, and all else from the default index', async () => {
    const { got, version, said } = await installed({ ASSAY_TORCH_INDEX: cpuIndex.url })
    expect([got, version]).toEqual(['cpu False', '9.9.9+cpu'])
    expect(said).toMatch(/about 2 MB to download, 3 MB on disk$/)
    expect(cpuIndex.asked.filter((path) => path.startsWith('/simple/'))).not.toContain('/simple/greet/')
  })

  test('from wheels on hand where that index does not answer', async () => {
    using bench = benchOf(main)
    const folder = join(bench.dir, 'wheels')
    await Bun.write(join(folder, cpu.file), cpu.bytes)
    const env = { ASSAY_TORCH_INDEX: 'http://127.0.0.1:9/whl/cpu', PIP_FIND_LINKS: `/nowhere ${folder}` }
    expect((await installed(env)).got).toBe('cpu False')
  })

  test.skipIf(process.platform !== 'linux')('else for CUDA, which is said with what it takes', async () => {
    const { got, said } = await installed({ ASSAY_TORCH_INDEX: 'http://127.0.0.1:9/whl/cpu' })
    expect(got).toBe('cuda True')
    expect(said).toContain('about 3.0 GB to download, 5.4 GB on disk\n')
    expect(said).toMatch(
      /\ntorch comes in its build for CUDA: http:\/\/127\.0\.0\.1:9\/whl\/cpu is out of reach \(.+\)$/,
    )
  })
})

describe('where torch comes from', () => {
  const source = async (env: Readonly<Record<string, string>>, python = '3.11.7') => {
    using bench = torchBench()
    return await torchSource(bench.torch, python, { env, signal: new AbortController().signal })
  }
  const serving = (answer: () => Response | Promise<Response>) =>
    Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 30, fetch: answer })
  const machine = process.arch === 'x64' ? 'x86_64' : process.platform === 'darwin' ? 'arm64' : 'aarch64'

  test('an index that never answers is given up after three seconds', async () => {
    using silent = serving(() => new Promise<Response>(() => {}))
    const url = `http://127.0.0.1:${silent.port}/cpu`
    const began = performance.now()
    expect(await source({ ASSAY_TORCH_INDEX: url })).toEqual({
      kind: 'default',
      why: `${url} is out of reach (it did not answer within 3 s)`,
    })
    expect(performance.now() - began).toBeGreaterThan(2900)
    silent.stop(true)
  })

  test('a page that has begun in time may take longer', async () => {
    using slow = serving(
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue('<a href="x">x</a>')
              await Bun.sleep(3300)
              controller.enqueue(`<a href="/whl/torch-9.9.9%2Bcpu-cp311-cp311-linux_${machine}.whl">x</a>`)
              controller.close()
            },
          }),
        ),
    )
    const url = `http://127.0.0.1:${slow.port}/cpu/`
    expect(await source({ ASSAY_TORCH_INDEX: url })).toEqual({ kind: 'index', url, version: '9.9.9+cpu' })
  })

  test.each([
    [`torch-9.9.9%2Bcpu-cp311-cp311-manylinux_2_28_${machine}.whl`, 'index'],
    [`torch-9.9.9+cpu-cp311-cp311-manylinux_2_28_${machine}.whl`, 'index'],
    [`torch-9.9.9%2Bcpu-cp312-cp312-manylinux_2_28_${machine}.whl`, 'default'],
    ['torch-9.9.9%2Bcpu-cp311-cp311-manylinux_2_28_s390x.whl', 'default'],
    [`torch-9.9.8%2Bcpu-cp311-cp311-manylinux_2_28_${machine}.whl`, 'default'],
    [`torch-9.9.9%2Bcu132-cp311-cp311-manylinux_2_28_${machine}.whl`, 'default'],
    [`torchvision-9.9.9%2Bcpu-cp311-cp311-manylinux_2_28_${machine}.whl`, 'default'],
  ])('of an index that has %s: %s', async (file, kind) => {
    using index = serving(() => new Response(`<a href="/whl/cpu/${file}#sha256=0">x</a>`))
    expect(await source({ ASSAY_TORCH_INDEX: `http://127.0.0.1:${index.port}` })).toMatchObject({ kind })
  })

  test.each([403, 404])('an index that answers %s is told with it, and so are folders in vain', async (status) => {
    using index = serving(() => new Response('no', { status }))
    const url = `http://127.0.0.1:${index.port}`
    expect(await source({ ASSAY_TORCH_INDEX: url, UV_FIND_LINKS: `/nowhere,${import.meta.dir},${url}` })).toEqual({
      kind: 'default',
      why: `${url} is out of reach (it answers ${status}), nor is it in ${import.meta.dir}, ${url}`,
    })
  })

  test('with an NVIDIA driver no CPU build is looked for, unless an index of them is named', async () => {
    using bench = torchBench()
    bench.program('nvidia-smi', 'true')
    const PATH = join(bench.dir, 'bin')
    expect(await source({ PATH })).toEqual({ kind: 'default', why: 'there is an NVIDIA driver' })
    expect(await source({ ASSAY_TORCH_INDEX: '' })).toEqual({ kind: 'default', why: 'no index of CPU builds is asked' })
    expect((await source({ PATH, ASSAY_TORCH_INDEX: cpuIndex.url })).kind).toBe('index')
  })
})

describe('the lock files', () => {
  const locks = {
    train: recipes.train.lock,
    torch: recipes.train.torch?.lock ?? '',
    mlflow: recipes.mlflow.lock,
    uv: uvRecipe.lock,
  }
  /** What is pinned, by package; a version for each kind of platform that differs. */
  const pins = (path: string) => {
    const found = new Map<string, string[]>()
    for (const [, name = '', version = ''] of readFileSync(path, 'utf8').matchAll(/^([\w.-]+)==(.*?) *\\?$/gm))
      found.set(name, [...(found.get(name) ?? []), version])
    return found
  }

  test.each(Object.entries(locks))('%s pins each package with hashes, and names no place', (_, path) => {
    const text = readFileSync(path, 'utf8')
    expect(pins(path).size).toBeGreaterThan(0)
    for (const block of text.split(/\n(?=\S)/))
      expect(block).toMatch(/^[\w.-]+==\S.*\\\n {4}--hash=sha256:[0-9a-f]{64}/)
    expect(text).not.toMatch(/https?:|@ |--index/)
  })

  test('a CPU build, which is installed alone, finds what it needs among what is locked for training', () => {
    const [train, torch] = [pins(locks.train), pins(locks.torch)]
    const others = [...torch].filter(([name]) => !/^(torch|triton|nvidia-.*|cuda-.*)$/.test(name))
    expect(others.length).toBeGreaterThan(7)
    for (const [name, versions] of others) expect([name, train.get(name)]).toEqual([name, versions])
  })
})
