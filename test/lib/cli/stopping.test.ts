import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ended, home, newestRun, planText, type Repository, removeRepositories, repository } from './helpers.ts'

setDefaultTimeout(60_000)
afterAll(removeRepositories)

/** Starts the plan and tells it to stop once its step has made the file `up`; what it came to, how long that took, and its journal. */
async function stopped(body: string, header = '') {
  const repo = repository({ one: `${header}\n${planText('one', body)}` })
  const child = repo.start(['plan', 'one'])
  await up(repo)
  const from = performance.now()
  child.kill('SIGTERM')
  const ran = await ended(child)
  const journal = repo.read(`${await newestRun(repo, 'one')}/journal.jsonl`)
  return { ...ran, took: performance.now() - from, events: events(journal), repo }
}

async function up({ dir }: Repository): Promise<void> {
  while (!existsSync(join(dir, 'up'))) await Bun.sleep(5)
}

const events = (journal: string): readonly Record<string, unknown>[] =>
  journal
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

const step = (run: string, needs = '') => `plan.step({ name: 'busy', ${needs} output: v.number(), run: ${run} })`

const services = `import { objectStore } from 'assay/tasks/object-store/service'`

describe.concurrent('SIGTERM, and what it takes', () => {
  test('a command that ends on SIGTERM is recorded as such', async () => {
    const { exit, events, took } = await stopped(
      step('async (_, { $ }) => { await $`echo up > up; exec sleep 600`; return 1 }'),
    )
    expect(exit).toBe(143)
    expect(took).toBeLessThan(3000)
    expect(events.find(({ event }) => event === 'step-ended')).toMatchObject({ outcome: 'aborted', stopped: 'term' })
  })

  test('a command that ignores it is killed after its grace, which is recorded too', async () => {
    const { exit, events, took } = await stopped(
      step(`async (_, { $ }) => { await $\`trap '' TERM; echo up > up; while :; do sleep 0.1; done\`; return 1 }`),
    )
    expect(exit).toBe(143)
    expect(took).toBeLessThan(5000)
    expect(events.find(({ event }) => event === 'step-ended')).toMatchObject({ outcome: 'aborted', stopped: 'kill' })
  })

  test('a program with a longer grace has it, and is named', async () => {
    const path = JSON.stringify(join(home, 'lib/shell/process.ts'))
    const body = step(`async (_, context) => {
      const command = ['bash', '-c', 'trap "" TERM; echo up > up; while :; do sleep 0.1; done']
      const child = startProcess(command, { cwd: process.cwd(), env: context.env, signal: context.signal, grace: 5500 })
      await child.done
      context.stopped(await child.stop())
      return 1
    }`)
    const { exit, out, took, events } = await stopped(body, `import { startProcess } from ${path}`)
    expect(exit).toBe(143)
    expect(out).toContain('bash has up to 5.5 s to end')
    expect(took).toBeGreaterThan(5400)
    expect(took).toBeLessThan(7000)
    expect(events.find(({ event }) => event === 'step-ended')).toMatchObject({ stopped: 'kill' })
  })

  test('a request that hears nothing holds up neither the run nor its store', async () => {
    const body = `const store = plan.use(objectStore({ buckets: ['raw'] }))
      ${step(
        `async ({ store }) => {
        const { hostname, port } = new URL(store.s3.endpoint.url)
        const socket = await Bun.connect({ hostname, port: Number(port), socket: { data() {} } })
        socket.write('PUT /raw/half HTTP/1.1\\\\r\\\\nHost: x\\\\r\\\\nContent-Length: 1000\\\\r\\\\n\\\\r\\\\nhalf')
        await Bun.write('up', '')
        await Bun.sleep(60_000)
        return 1
      }`,
        'needs: { store },',
      )}`
    const { exit, took, events } = await stopped(body, services)
    expect(exit).toBe(143)
    expect(took).toBeLessThan(5000)
    expect(events.find(({ event }) => event === 'step-ended')).toMatchObject({ outcome: 'aborted' })
    expect(events.findLast(({ event }) => event === 'service')).toMatchObject({ state: 'stopped' })
    expect(events.at(-1)).toMatchObject({ event: 'run-ended', outcome: 'aborted' })
  })

  test.each([
    ['start', `start: async () => { await Bun.write('up', ''); await new Promise(() => {}) }`],
    [
      'get ready',
      `start: async () => ({ client: 1, detail: '', ready: async () => { await Bun.write('up', ''); await new Promise(() => {}) }, stop: async () => {} })`,
    ],
    [
      'stop',
      `start: async () => ({ client: 1, detail: '', ready: async () => {}, stop: () => new Promise(() => {}) })`,
    ],
  ])('a service that does not %s holds nothing up', async (_, start) => {
    const body = `const slow = plan.use({ name: 'slow', ${start} })
      ${step(`async () => { await Bun.write('up', ''); await Bun.sleep(60_000); return 1 }`, 'needs: { slow },')}`
    const { exit, took, events } = await stopped(body)
    expect(exit).toBe(143)
    expect(took).toBeLessThan(5000)
    expect(events.at(-1)).toMatchObject({ event: 'run-ended', outcome: 'aborted' })
  })
})

describe('what steps leave behind', () => {
  test('is ended with the run, and said', async () => {
    const repo = repository({
      one: planText(
        'one',
        step('async (_, { $ }) => { await $`setsid sleep 600 >/dev/null 2>&1 & echo $!`; return 1 }'),
      ),
    })
    const { exit, out } = await repo.run(['plan', 'one'])
    expect(exit).toBe(0)
    expect(out).toContain('ended 1 process that steps left behind')
  })
})
