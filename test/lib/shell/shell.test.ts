import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, Problem } from '../../../lib/plan/problem.ts'
import { maskOf } from '../../../lib/record/mask.ts'
import { type ShellOptions, shellFor } from '../../../lib/shell/shell.ts'
import { runs } from './runs.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-shell-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function shell(options: Partial<ShellOptions> = {}) {
  const log: string[] = []
  const $ = await shellFor({
    signal: new AbortController().signal,
    cwd: folder,
    env: { PATH: process.env.PATH },
    mask: maskOf({}),
    log: (line) => log.push(line),
    grace: 5000,
    stopped: () => {},
    ...options,
  })
  return { $, log }
}

async function thrownBy(work: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('a command runs in its folder with its environment, values quoted, and its lines are logged', async () => {
  const { $, log } = await shell({ env: { PATH: process.env.PATH, ONE: '1' } })
  expect((await $`echo ${"it's two"} $ONE; pwd`).stdout).toBe(`it's two 1\n${folder}\n`)
  expect(log.slice(1)).toEqual(["it's two 1", folder])
  expect(log[0]).toStartWith('$ echo ')
})

test('nothing it prints reaches our stdout or stderr', async () => {
  const script = `
    import { maskOf } from '${join(import.meta.dir, '../../../lib/record/mask.ts')}'
    import { shellFor } from '${join(import.meta.dir, '../../../lib/shell/shell.ts')}'
    const { signal } = new AbortController()
    const $ = await shellFor({ signal, cwd: '/', env: process.env, mask: maskOf({}), log: () => {}, grace: 1000, stopped: () => {} })
    await $\`echo out; echo err >&2\`
    await $({ nothrow: true })\`echo out; echo err >&2; exit 3\``
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' })
  expect([await child.stdout.text(), await child.stderr.text(), await child.exited]).toEqual(['', '', 0])
})

test('a failed command is a Failure with its exit code and last lines', async () => {
  const { $ } = await shell()
  const error = await thrownBy(() => $`echo out; echo bad >&2; exit 3`)
  expect(error).toBeInstanceOf(Failure)
  expect(error).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'bad\n' })
  expect(String(error)).toEndWith('ended with exit code 3\nbad')
  expect(String(await thrownBy(() => $`kill -KILL $$`))).toEndWith('was ended by SIGKILL')
})

test('a program that does not exist is a Problem; one that a script lacks is a Failure', async () => {
  const { $ } = await shell()
  const missing = await thrownBy(() => $`nosuch-program`)
  expect(missing).toBeInstanceOf(Problem)
  expect(missing).not.toBeInstanceOf(Failure)
  expect(String(missing)).toContain('nosuch-program: ')
  expect(await thrownBy(() => $`bash -c nosuch-program`)).toBeInstanceOf(Failure)
})

test('what zx offers works: text, lines, exitCode, nothrow, iteration, pipes', async () => {
  const { $ } = await shell()
  expect(await $`printf 'a\nb\n'`.lines()).toEqual(['a', 'b'])
  expect(await $`exit 4`.exitCode).toBe(4)
  expect((await $({ nothrow: true })`exit 5`).exitCode).toBe(5)
  expect((await $`exit 6`.nothrow()).exitCode).toBe(6)
  const lines: string[] = []
  for await (const line of $`seq 1 3`) lines.push(line)
  expect(lines).toEqual(['1', '2', '3'])
  expect(await $`printf 'a\nb\n'`.pipe`grep b; pwd`.text()).toBe(`b\n${folder}\n`)
  expect(await $`printf 'a\nb\n'`.pipe($`grep b`).text()).toBe('b\n')
  const error = await thrownBy(() => $`echo a`.pipe`cat; exit 7`)
  expect(error).toBeInstanceOf(Failure)
  expect(error).toMatchObject({ exitCode: 7 })
})

test('the blocking form is refused with a sentence', async () => {
  const { $ } = await shell()
  expect(() => $.sync`true`).toThrow("Cannot run a command as '$' must be awaited: current value is $.sync")
})

test('cancelling ends the whole command line, with force after the grace, and throws the reason', async () => {
  const stop = new AbortController()
  const reason = new Error('timed out')
  const { promise: ready, resolve } = Promise.withResolvers<string>()
  const { $ } = await shell({ signal: stop.signal, grace: 100, log: (line) => /^\d+$/.test(line) && resolve(line) })
  const running = $`bash -c 'trap "" TERM; echo $$; while :; do sleep 0.05; done' | cat`
  const ended = thrownBy(() => running)
  const pid = Number(await ready)
  stop.abort(reason)
  expect(await ended).toBe(reason)
  expect(runs(pid)).toBe(false)
  expect(await thrownBy(async () => $`true`)).toBe(reason)
})

test('bash does not read the user’s start-up file where no shell started us', async () => {
  await Bun.write(join(folder, '.bashrc'), 'echo from bashrc')
  const { $ } = await shell({ env: { PATH: process.env.PATH, HOME: folder } })
  expect(await $`echo one`.text()).toBe('one\n')
})

test('kill needs no ps on the machine', async () => {
  const { $ } = await shell()
  const running = $`sleep 300`
  const ended = thrownBy(() => running)
  const path = process.env.PATH
  process.env.PATH = '/nowhere'
  try {
    await running.kill()
  } finally {
    process.env.PATH = path
  }
  expect(await ended).toMatchObject({ signal: 'SIGTERM' })
})
