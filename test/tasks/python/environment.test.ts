import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from '../../../tasks/python/make.ts'
import { type Bench, benchOf, greet, type Index, indexOf, processesWith, pythonProblem } from './python-rig.ts'
import { wheelOf } from './wheels.ts'

setDefaultTimeout(60_000)

const problem = pythonProblem()
if (problem !== undefined) console.warn(`skipped: making Python environments: ${problem}`)

const make = (bench: Bench, options?: Parameters<Bench['work']>[0]) =>
  environmentOf(bench.recipe, bench.work(options), bench.shop)

/** What a process of its own is told to do: the same as `make`. */
function childMaking(bench: Bench): Bun.Subprocess<'ignore', 'pipe', 'inherit'> {
  const { env } = bench.work()
  const script = `
    const { environmentOf } = await import('${join(import.meta.dir, '../../../tasks/python/make.ts')}')
    const work = { signal: new AbortController().signal, env: ${JSON.stringify(env)}, log() {}, progress() {},
      announce: () => console.log('making') }
    const shop = { ...${JSON.stringify(bench.shop)}, free: () => 1e12 }
    const { version } = await environmentOf(${JSON.stringify(bench.recipe)}, work, shop)
    console.log('made', version)`
  return Bun.spawn([process.execPath, '-e', script], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
}

async function until(what: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !what(); await Bun.sleep(10))
    if (Date.now() > deadline) throw new Error(`it never came to ${what}`)
}

describe.skipIf(problem !== undefined)('an environment', () => {
  test('is made on first need, which is announced with its size, and is there the next time', async () => {
    using index = indexOf([greet])
    using bench = benchOf(index)
    const { python, bin } = await make(bench)
    expect(bench.announced).toEqual([
      expect.stringMatching(/^Making the Python environment \S+\/python\/tiny: about 1 MB to download, 2 MB on disk$/),
    ])
    expect(bench.progress).toContainEqual(expect.stringMatching(/^Installed 1 package /))
    expect([python, bin]).toEqual([join(bench.shop.folder, 'tiny/bin/python'), join(bench.shop.folder, 'tiny/bin')])
    const ran = Bun.spawnSync([python, '-c', 'import greet; print(greet.WORD)'])
    expect(ran.stdout.toString()).toBe('imported\nhello\n')

    // Neither the index nor an installer is asked again.
    const before = index.asked.length
    rmSync(join(bench.dir, 'bin'), { recursive: true })
    expect((await make(bench)).python).toBe(python)
    expect([index.asked.length, bench.announced.length]).toEqual([before, 1])
  })

  const breakages: Readonly<Record<string, (bench: Bench, folder: string) => void>> = {
    'its making was cut short': (_, folder) => rmSync(join(folder, 'made.json')),
    'its Python does not start': (_, folder) => rmSync(join(folder, 'bin/python')),
    'greet is missing in it': (_, folder) => {
      for (const path of new Bun.Glob('lib/*/site-packages/greet').scanSync({ cwd: folder, onlyFiles: false }))
        rmSync(join(folder, path), { recursive: true })
    },
    'its lock file changed': (bench) => bench.lock(newer),
  }
  const newer = wheelOf('greet', '2.0', { 'greet/__init__.py': "WORD = 'hello again'\n" })

  test('that is broken is made again, and it is said why', async () => {
    using index = indexOf([greet, newer])
    using bench = benchOf(index)
    await make(bench)
    const folder = join(bench.shop.folder, 'tiny')
    for (const [because, damage] of Object.entries(breakages)) {
      damage(bench, folder)
      const { python } = await make(bench)
      expect(bench.announced.at(-1)).toContain(`/python/tiny again, as ${because}: about`)
      expect(Bun.spawnSync([python, '-c', 'import greet']).exitCode).toBe(0)
      expect(readdirSync(bench.shop.folder).sort()).toEqual(['tiny', 'tiny.lock'])
    }
    const moved = `${bench.shop.folder}-moved`
    renameSync(bench.shop.folder, moved)
    const { python } = await environmentOf(bench.recipe, bench.work(), { ...bench.shop, folder: moved })
    expect(bench.announced.at(-1)).toContain('-moved/tiny again, as its folder was moved: about')
    expect(python).toStartWith(moved)
    expect(bench.announced).toHaveLength(2 + Object.keys(breakages).length)
  })

  test('that several processes want at the same time is made once', async () => {
    using index = indexOf([greet])
    using bench = benchOf(index)
    const children = [childMaking(bench), childMaking(bench), childMaking(bench)]
    const [own] = await Promise.all([make(bench), make(bench)])
    const said = await Promise.all(children.map((child) => child.stdout.text()))
    expect(said.map((text) => text.trim().split('\n').at(-1))).toEqual(Array(3).fill(`made ${own.version}`))
    const makers = said.filter((text) => text.startsWith('making')).length + bench.announced.length
    expect([makers, index.fetched()]).toEqual([1, 1])
  })
})

describe.skipIf(problem !== undefined)('whose making is cut short', () => {
  const installing = async (index: Index, bench: Bench) => {
    index.hold()
    await until(() => index.fetched() > 0)
    expect(existsSync(join(bench.shop.folder, 'tiny/bin/python'))).toBe(true)
    index.goOn()
  }
  const nobodyMakes = (bench: Bench) => until(() => processesWith(`${bench.shop.folder}/tiny`).length === 0)

  test.skipIf(process.platform !== 'linux')(
    'by kill -9: nothing of it runs on, nor is taken for whole, nor keeps the next from making it',
    async () => {
      using index = indexOf([greet])
      using bench = benchOf(index)
      index.hold()
      const child = childMaking(bench)
      await until(() => index.fetched() > 0)
      const waiting = make(bench) // already when it happens
      await until(() => bench.progress.includes('waiting for another process that makes it'))
      expect(processesWith(`${bench.shop.folder}/tiny`)).not.toEqual([])
      index.goOn()
      child.kill('SIGKILL')
      await child.exited
      const { python } = await waiting
      expect(bench.announced[0]).toContain('again, as its making was cut short')
      expect(Bun.spawnSync([python, '-c', 'import greet']).exitCode).toBe(0)
      await nobodyMakes(bench)
      expect(readdirSync(bench.shop.folder).sort()).toEqual(['tiny', 'tiny.lock'])
    },
  )

  test('by the signal: it ends at once with its reason, and the next makes it', async () => {
    using index = indexOf([greet])
    using bench = benchOf(index)
    const controller = new AbortController()
    const making = make(bench, { signal: controller.signal })
    await installing(index, bench)
    controller.abort(new Error('told to stop'))
    expect(await making.catch(String)).toBe('Error: told to stop')
    if (process.platform === 'linux') await nobodyMakes(bench)
    expect(readFileSync(bench.recipe.lock, 'utf8')).toContain('greet==1.0')
    await make(bench)
    expect(bench.announced.at(-1)).toContain('again, as its making was cut short')
  })
})

describe.skipIf(problem !== undefined)('without uv on PATH', () => {
  // An environment with a pip takes five seconds, and these take three.
  test.skipIf(process.env.ASSAY_LONG !== 'yes')(
    'uv is made first, by pip, and used by whoever comes next',
    async () => {
      const real = Bun.which('uv')
      const uv = wheelOf('uv', '0.0.1', {
        'uv/__init__.py': '',
        'uv-0.0.1.data/scripts/uv': `#!/bin/sh\nPATH='${process.env.PATH}' exec '${real}' "$@"\n`,
      })
      using index = indexOf([greet, uv])
      using bench = benchOf(index, ['python3'])
      await make(bench)
      expect(bench.announced.map((sentence) => sentence.match(/environment \S*\/(\w+):/)?.[1])).toEqual(['uv', 'tiny'])
      expect(JSON.parse(readFileSync(join(bench.shop.folder, 'tiny/made.json'), 'utf8')).what).toEndWith('by uv 0.0.1')
      rmSync(join(bench.shop.folder, 'tiny'), { recursive: true })
      await make(bench)
      expect(bench.announced).toHaveLength(3)
    },
  )

  test.skipIf(process.env.ASSAY_LONG !== 'yes')('nor in the index, pip installs', async () => {
    using index = indexOf([greet])
    using bench = benchOf(index, ['python3'])
    const { python } = await make(bench)
    expect(bench.logged).toContainEqual(expect.stringMatching(/^uv can't be had, so pip it is: Cannot make .*'uv'/))
    expect(JSON.parse(readFileSync(join(bench.shop.folder, 'tiny/made.json'), 'utf8')).what).toEndWith('by pip')
    expect(Bun.spawnSync([python, '-c', 'import greet']).exitCode).toBe(0)
  })
})
