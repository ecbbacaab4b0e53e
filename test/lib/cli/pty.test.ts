import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Outsider, outsider } from '../../outsider.ts'
import { newestRun, planText, type Repository, removeRepositories, repository } from './helpers.ts'

/** A step whose programs live in every way there is, and which takes its time to end. */
const busy = planText(
  'busy',
  `plan.step({ name: 'busy', output: v.number(), run: async (_, { $, signal }) => {
    await $({ nothrow: true })\`setsid sleep 600 >/dev/null & sleep 600 & echo $$ > up; wait\`.catch(() => {})
    await Bun.sleep(600)
    signal.throwIfAborted()
    return 2
  } })`,
)

/** Hears nothing. */
const deaf = planText(
  'deaf',
  `plan.step({ name: 'deaf', output: v.number(), run: async () => {
    await Bun.write('up', '')
    await Bun.sleep(60_000)
    return 2
  } })`,
)

const short = planText(
  'short',
  `plan.step({ name: 'short', output: v.number(), run: async () => {
    await Bun.write('up', '')
    while (!(await Bun.file('go').exists())) await Bun.sleep(10)
    return 2
  } })`,
)

const open: Outsider[] = []
afterEach(async () => {
  for (const outside of open.splice(0)) await outside.close()
})
setDefaultTimeout(60_000)
afterAll(removeRepositories)

/** \`bun run plan NAME\` on a terminal of its own, once its step runs. */
async function onTerminal(name: string, before: readonly string[] = []) {
  const repo = repository({ busy, deaf, short })
  repo.file('package.json', '{ "scripts": { "plan": "assay plan" } }')
  mkdirSync(join(repo.dir, 'node_modules/.bin'))
  symlinkSync('../assay/lib/cli/main.ts', join(repo.dir, 'node_modules/.bin/assay'))
  const outside = outsider()
  open.push(outside)
  const own = Object.entries(process.env).filter(([key]) => !/^(npm_|FORCE_COLOR$)/.test(key))
  let shown = ''
  const decoder = new TextDecoder()
  const child = Bun.spawn(outside.around([...before, process.execPath, 'run', 'plan', name]), {
    cwd: repo.dir,
    env: { ...Object.fromEntries(own), NO_COLOR: '1' },
    terminal: {
      data(_, bytes) {
        shown += decoder.decode(bytes, { stream: true })
      },
    },
  })
  while (!existsSync(join(repo.dir, 'up'))) {
    if (child.exitCode !== null) throw new Error(`It ended: ${shown}`)
    await Bun.sleep(5)
  }
  const { terminal } = child
  if (terminal === undefined) throw new Error('There is no terminal')
  return { repo, outside, child, terminal, shown: () => shown }
}

async function journalOf(repo: Repository, plan: string): Promise<string> {
  return repo.read(`${await newestRun(repo, plan)}/journal.jsonl`)
}

const ctrlC = '\x03'

describe.skipIf(process.platform !== 'linux')('on a terminal, under bun run', () => {
  test('one Ctrl-C ends the run in order', async () => {
    const { repo, outside, child, terminal } = await onTerminal('busy')
    terminal.write(ctrlC)
    expect(await child.exited).toBe(130)
    const journal = await journalOf(repo, 'busy')
    expect(journal).toContain('"outcome":"aborted","exit":130')
    expect(journal).toContain('interrupted by SIGINT')
    expect(await outside.emptied(5000)).toEqual([])
  })

  test('a second Ctrl-C ends it at once', async () => {
    const { repo, outside, child, terminal } = await onTerminal('deaf')
    terminal.write(ctrlC)
    await Bun.sleep(350) // from here on it is meant as a second one
    const second = performance.now()
    terminal.write(ctrlC)
    expect(await child.exited).toBe(130)
    expect(performance.now() - second).toBeLessThan(2500) // a step that hears nothing is given 3.5 s
    expect(await journalOf(repo, 'deaf')).not.toContain('run-ended')
    expect(await outside.emptied(5000)).toEqual([])
  })

  test('SIGTERM ends it in order with 143, within 5 s also where a step hears nothing', async () => {
    const { repo, outside, child } = await onTerminal('deaf')
    const from = performance.now()
    child.kill('SIGTERM')
    expect(await child.exited).toBe(143)
    expect(performance.now() - from).toBeLessThan(5000)
    expect(await journalOf(repo, 'deaf')).toContain('"outcome":"aborted","exit":143')
    expect(await outside.emptied(5000)).toEqual([])
  })

  test('closing the terminal ends it in order', async () => {
    const { repo, outside, terminal } = await onTerminal('busy')
    terminal.close()
    expect(await outside.emptied(6000)).toEqual([])
    expect(await journalOf(repo, 'busy')).toMatch(/"run-ended".*"aborted".*interrupted by SIGHUP/)
  })

  test('under nohup closing the terminal is nothing to it', async () => {
    const { repo, outside, child, terminal } = await onTerminal('short', ['nohup'])
    terminal.close()
    await Bun.sleep(100)
    repo.file('go', '')
    await child.exited
    expect(await journalOf(repo, 'short')).toMatch(/"run-ended".*"passed"/)
    expect(await outside.emptied(5000)).toEqual([])
  })
})
