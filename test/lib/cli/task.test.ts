import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { reading, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

const repo = repository()
repo.file(
  'tasks/greetings/greet.task.ts',
  `import { defineTask, Failure, flag, integer, Problem, text } from 'assay'
console.log('NOISE while it loads')
export default defineTask({
  name: 'greet',
  title: 'Greets somebody',
  options: {
    who: text('world', 'whom to greet', { env: 'GREET_WHO' }),
    howOften: integer(1, 'how often', { max: 3 }),
    loud: flag('in capitals', { env: 'GREET_LOUD' }),
    password: text('hunter2', 'what to say at the door', { secret: true }),
  },
  async run({ who, howOften, loud }, { log, emit, signal, env }) {
    console.log('NOISE while it runs')
    log('about to greet')
    if (who === 'nobody') throw new Failure('nobody is there')
    if (who === 'wrong') throw new Problem('Cannot greet as it is wrong')
    if (who === 'bug') throw new Error('boom')
    emit({ home: env.HOME !== undefined })
    const stop = new Promise((resolve) => signal.addEventListener('abort', resolve))
    if (who === 'waiter') await stop
    if (who === 'quitter') await stop.then(() => signal.throwIfAborted())
    if (who === 'fetcher') await stop.then(() => fetch('http://127.0.0.1:9', { signal: AbortSignal.abort() }))
    if (who === 'stumbler') await stop.then(() => { throw new Failure('what it had could not be stored') })
    if (who === 'fumbler') await stop.then(() => { throw new Problem('Cannot store what it had') })
    const text = Array(howOften).fill('hello ' + who).join(', ')
    return who === 'quiet' ? undefined : { text: loud ? text.toUpperCase() : text }
  },
})
`,
)

describe('a task', () => {
  test('prints what it emits and returns as JSON lines on stdout, and everything else on stderr', async () => {
    const { exit, out, err } = await repo.run(['task', 'greet', '--how-often', '2', '--loud'], {
      env: { GREET_WHO: 'you' },
    })
    expect([exit, out]).toEqual([0, '{"home":true}\n{"text":"HELLO YOU, HELLO YOU"}\n'])
    expect(err.split('\n')).toEqual(['NOISE while it loads', 'NOISE while it runs', 'about to greet', ''])
  })

  test('is also known by its file', async () => {
    const path = join(repo.dir, 'tasks/greetings/greet.task.ts')
    expect((await repo.run(['task', path, '--loud'])).out).toEndWith('{"text":"HELLO WORLD"}\n')
    const missing = await repo.run(['task', 'tasks/greetings/great.task.ts'])
    expect([missing.exit, missing.err]).toEqual([2, expect.stringContaining('must be a task')])
  })

  test('takes a flag before its variable and its variable before its default', async () => {
    const out = async (...words: string[]) =>
      (await repo.run(['task', 'greet', ...words], { env: { GREET_LOUD: 'yes', GREET_WHO: 'you' } })).out
    expect(await out()).toContain('HELLO YOU')
    expect(await out('--who', 'me')).toContain('HELLO ME')
    expect((await repo.run(['task', 'greet'])).out).toContain('hello world')
  })

  test.each([
    ['quiet', 0, ''],
    ['nobody', 1, 'nobody is there\n'],
    ['wrong', 2, 'Cannot greet as it is wrong\n'],
    ['bug', 2, 'Internal error: Error: boom'],
  ])('that is %s ends with %p', async (who, exit, words) => {
    const ran = await repo.run(['task', 'greet', '--who', who])
    expect(ran.exit).toBe(exit)
    expect(ran.err).toContain(words)
    expect(ran.out).not.toContain('text')
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'that hears %s and ends by itself ends with 0, its result there',
    async (signal) => {
      const child = repo.start(['task', 'greet', '--who', 'waiter'])
      const stdout = reading(child)
      await stdout.until('"home"')
      child.kill(signal)
      expect(await child.exited).toBe(0)
      expect(await stdout.all()).toBe('{"home":true}\n{"text":"hello waiter"}\n')
    },
  )

  test.each([
    ['quitter', 'SIGINT', 130, ''],
    ['quitter', 'SIGTERM', 143, ''],
    ['fetcher', 'SIGTERM', 143, ''],
    ['stumbler', 'SIGTERM', 1, 'what it had could not be stored\n'],
    ['fumbler', 'SIGTERM', 2, 'Cannot store what it had\n'],
  ] as const)(
    '%s that is cut short by %s ends with %p, and says what went wrong besides',
    async (who, signal, exit, said) => {
      const child = repo.start(['task', 'greet', '--who', who])
      const stdout = reading(child)
      await stdout.until('"home"')
      child.kill(signal)
      expect(await child.exited).toBe(exit)
      expect(await stdout.all()).toBe('{"home":true}\n')
      expect(await child.stderr.text()).toEndWith(`about to greet\n${said}`)
    },
  )

  test('--help tells its options with flags, variables, defaults and no secret', async () => {
    const { exit, out } = await repo.run(['task', 'greet', '--help'])
    expect(exit).toBe(0)
    expect(out).toContain('Greets somebody')
    expect(out).toMatch(/--how-often … +how often \(default 1\)/)
    expect(out).toMatch(/--loud +GREET_LOUD +in capitals/)
    expect(out).not.toContain('hunter2')
  })

  test('is listed with its line, beside those of Assay', async () => {
    const { out } = await repo.run(['task'])
    expect(out).toMatch(/greet +Greets somebody\n/)
    expect(out).toMatch(/stage1 +\S/)
    expect(out).not.toContain('NOISE')
  })
})
