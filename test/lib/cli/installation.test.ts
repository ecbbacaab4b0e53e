import { afterAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leastBun } from '../../../lib/cli/installation.ts'
import { entry, home, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

/** Runs the command line as if this process were another. */
async function pretending(what: string): Promise<{ exit: number; out: string; err: string }> {
  const { dir, file } = repository()
  const preload = file('pretend.ts', what)
  const child = Bun.spawn([process.execPath, '--preload', preload, entry, 'plan'], {
    cwd: dir,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  return { exit: await child.exited, out: await child.stdout.text(), err: await child.stderr.text() }
}

describe('before anything else', () => {
  test.each(['1.3.9', '0.8.1', '1.0.0-canary.2'])('a Bun %s is refused in one sentence', async (version) => {
    const ran = await pretending(
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '${version}' } })`,
    )
    const sentence = `Cannot run Assay as 'Bun' must be version ${leastBun} or newer: current value is ${version}. Run: bun upgrade\n`
    expect(ran).toEqual({ exit: 2, out: '', err: sentence })
  })

  test.each([leastBun, '1.4.5', '2.0.0', '1.10.0', '1.5.0-canary.3'])('a Bun %s is not', async (version) => {
    const ran = await pretending(
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '${version}' } })`,
    )
    expect([ran.exit, ran.err]).toEqual([0, ''])
  })

  test('Windows outside WSL is refused in one sentence', async () => {
    const { exit, err } = await pretending(`Object.defineProperty(process, 'platform', { value: 'win32' })`)
    expect(exit).toBe(2)
    expect(err).toBe(
      "Cannot run Assay as 'platform' must be Linux, macOS or WSL: current value is Windows. Open a WSL terminal and run it there.\n",
    )
  })

  test('package.json asks for the same Bun', async () => {
    expect((await Bun.file(join(home, 'package.json')).json()).engines.bun).toBe(`>=${leastBun}`)
  })
})

describe('a clone without its packages', () => {
  const clone = mkdtempSync(join(tmpdir(), 'assay-clone-'))
  afterAll(() => rmSync(clone, { recursive: true, force: true }))
  for (const name of ['lib', 'package.json', 'bun.lock', 'bunfig.toml'])
    cpSync(join(home, name), join(clone, name), { recursive: true })
  mkdirSync(join(clone, 'plans'))

  const list = async (env: Record<string, string>) => {
    const child = Bun.spawn([process.execPath, 'run', 'plan'], {
      cwd: clone,
      env: { ...process.env, ...env },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    return { exit: await child.exited, out: await child.stdout.text(), err: await child.stderr.text() }
  }

  test('and without a network ends with 2 and one sentence, after what the installer said', async () => {
    const { exit, out, err } = await list({
      BUN_CONFIG_REGISTRY: 'http://127.0.0.1:9',
      npm_config_registry: 'http://127.0.0.1:9',
      BUN_INSTALL_CACHE_DIR: join(clone, 'empty'),
    })
    expect([exit, out]).toEqual([2, ''])
    expect(err.trimEnd().split('\n').at(-1)).toBe(
      "Cannot run Assay as 'bun install --frozen-lockfile' must be able to install its packages: current value is exit code 1. Its lines above say why; the first start needs a network.",
    )
  })

  test('installs them once, with the installer on stderr, and again when the lock file has changed', async () => {
    // From Bun's cache, which the packages of this checkout came from.
    writeFileSync(
      join(clone, 'plans/where.ts'),
      `import { definePlan } from '../lib/index.ts'
import * as v from 'valibot'
export default definePlan({ name: 'where', kind: 'smoke', title: import.meta.resolve('valibot') }, (plan) => {
  plan.step({ name: 'sharp', output: v.any(), run: async () => { await import('sharp') } })
})
`,
    )
    const first = await list({})
    expect([first.exit, first.out]).toEqual([0, expect.stringContaining(join(clone, 'node_modules/valibot'))])
    expect(first.err).toContain('packages installed')
    expect(readdirSync(join(clone, 'node_modules'))).toContain('valibot')
    expect((await list({})).err).toBe('')
    writeFileSync(join(clone, 'bun.lock'), `${await Bun.file(join(clone, 'bun.lock')).text()}\n`)
    expect((await list({})).err).toContain('bun install')
  }, 60_000)
})
