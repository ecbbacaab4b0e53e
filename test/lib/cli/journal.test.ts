import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { wholeLength } from '../../../lib/record/journal.ts'
import {
  ended,
  entry,
  newestRun,
  planText,
  type Repository,
  reading,
  removeRepositories,
  repository,
  sentenceOf,
} from './helpers.ts'

afterAll(removeRepositories)

const twoSteps = `
  const first = plan.step({ name: 'first', output: v.string(), run: () => 'x'.repeat(2000) })
  plan.step({ name: 'second', needs: { first }, output: v.number(), run: async (_, { env, $ }) => {
    if (env.KILL) process.kill(process.pid, 'SIGKILL')
    if (env.GO) {
      console.error('waiting')
      while (!(await Bun.file(env.GO).exists())) await Bun.sleep(5)
    }
    return 2
  } })`

describe('a run that died before its first line was whole', () => {
  test.each([
    ['without a journal', undefined],
    ['with an empty one', ''],
    ['with half a line', '{"event":"run-sta'],
  ])('%s is none to resume, to report or to run the failed of', async (_, journal) => {
    const repo = repository({ two: planText('two', twoSteps) })
    const dead = '29990101-000000-2222'
    mkdirSync(join(repo.dir, 'runs/two', dead), { recursive: true })
    if (journal !== undefined) repo.file(`runs/two/${dead}/journal.jsonl`, journal)
    const begun = await repo.run(['plan', 'two', '--resume'], { env: { KILL: 'yes' } })
    expect(begun.out).toContain('There is no run of two to resume yet: it starts from the beginning')
    const resumed = await repo.run(['plan', 'two', '--resume'])
    expect([resumed.exit, resumed.err]).toEqual([0, ''])
    expect(resumed.out).toContain('2 steps (1 reused)')
    expect((await repo.run(['report'])).out).toContain('passed · 2 steps (1 reused)')
    expect((await repo.run(['plan', 'two', '--failed'])).out).toContain('Nothing failed last time')
  })
})

describe('a journal cut at any byte of its last lines', () => {
  test('is read, reported, resumed, and goes on behind the last whole line', async () => {
    const repo = repository({ two: planText('two', twoSteps) })
    expect((await repo.run(['plan', 'two'])).exit).toBe(0)
    const path = join(repo.dir, await newestRun(repo, 'two'), 'journal.jsonl')
    const whole = readFileSync(path)
    const [second = 0, third = 0] = [3, 2].map((back) => whole.toString().split('\n').slice(0, -back).join('\n').length)
    for (const length of [second + 1, second + 2, third, third + 1, third + 10, whole.length - 1]) {
      writeFileSync(path, whole)
      truncateSync(path, length)
      const report = await repo.run(['report', '--json'])
      expect([report.exit, report.out]).toEqual([
        0,
        whole.subarray(0, wholeLength(whole.subarray(0, length).toString())).toString(),
      ])
      const resumed = await repo.run(['plan', 'two', '--resume'])
      expect([resumed.exit, resumed.err]).toEqual([0, ''])
      for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) JSON.parse(line)
    }
  })
})

describe('two processes', () => {
  test('do not write one journal: not by --resume of a run that goes on beside the lock', async () => {
    const repo = repository({ two: planText('two', twoSteps) })
    const go = join(repo.dir, 'go')
    const first = repo.start(['plan', 'two', '--parallel'], { env: { GO: go } })
    const shown = reading(first)
    await shown.until('first')
    const run = await newestRun(repo, 'two')
    const before = repo.read(`${run}/journal.jsonl`)
    const second = await repo.run(['plan', 'two', '--resume', '--run', run])
    expect(second.exit).toBe(2)
    expect(sentenceOf(second)).toMatch(/^Cannot record the run as '.*journal\.jsonl' must be written by one process/)
    expect(repo.read(`${run}/journal.jsonl`)).toStartWith(before)
    repo.file('go', '')
    await shown.all()
    expect(await first.exited).toBe(0)
    expect((await repo.run(['plan', 'two', '--resume', '--run', run])).out).toStartWith('Nothing to do')
  })

  test('nor by a program that takes no lock of a plan', async () => {
    const repo = repository()
    const program = repo.file(
      'program.ts',
      `import { fileStore } from 'assay/embed'
       const store = fileStore('runs')
       const [plan, run] = ['p', 'r']
       const mine = process.argv[2] === 'create' ? store.create(plan, run) : store.open(plan, run)
       mine.append(process.argv[2] + '\\n')
       console.log('written')
       if (process.argv[2] === 'create') setInterval(() => {}, 1000)`,
    )
    const first = Bun.spawn([process.execPath, program, 'create'], { cwd: repo.dir, stdout: 'pipe' })
    await first.stdout.getReader().read()
    const second = Bun.spawn([process.execPath, program, 'open'], { cwd: repo.dir, stderr: 'pipe' })
    expect([await second.exited, await second.stderr.text()]).toEqual([
      1,
      expect.stringContaining('another one has it'),
    ])
    first.kill('SIGKILL')
    await first.exited
    expect(repo.read('runs/p/r/journal.jsonl')).toBe('create\n')
  })
})

describe('a file that may not grow', () => {
  test.skipIf(process.platform === 'win32')(
    'stops the run in a sentence; what it had is read, and it goes on once it may',
    async () => {
      // Two services, of which one takes its time to stop.
      const body = `
      const [quick, slow] = [0, 100].map((ms) => plan.use({
        name: 'service ' + ms,
        start: async ({ folder }) => ({
          client: folder,
          detail: 'here',
          ready: async () => {},
          stop: async () => { await Bun.sleep(ms); await Bun.write(folder + '/stopped', '') },
        }),
      }))
      const first = plan.step({ name: 'first', needs: { quick, slow }, output: v.string(), run: () => 'x' })
      plan.step({ name: 'big', needs: { quick, slow, first }, output: v.string(), run: () => 'x'.repeat(40_000) })`
      const repo = repository({ big: planText('big', body) })
      // In units of 512 bytes or 1 KiB, as the shell has it; either is less than the second line needs.
      const limited = Bun.spawn(
        ['sh', '-c', 'ulimit -f 20 && exec "$@"', 'sh', process.execPath, entry, 'plan', 'big'],
        {
          cwd: repo.dir,
          env: { ...process.env, NO_COLOR: '1' },
          stdin: 'ignore',
          stdout: 'pipe',
          stderr: 'pipe',
        },
      )
      const ran = await ended(limited)
      expect(ran.exit).toBe(2)
      expect(sentenceOf(ran)).toMatch(
        /^Cannot record the run as .*EFBIG.*Allow larger files \(ulimit -f\); what was recorded is kept/,
      )
      const report = await repo.run(['report'])
      expect([report.exit, report.out]).toEqual([0, expect.stringContaining('✓ first')])
      const resumed = await repo.run(['plan', 'big', '--resume'])
      expect([resumed.exit, resumed.err]).toEqual([0, ''])
      expect(resumed.out).toContain('2 steps (1 reused)')
      expect(leftovers(repo)).toEqual([])
    },
  )
})

function leftovers({ dir }: Repository): readonly string[] {
  const names = readdirSync(join(dir, 'runs'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.tmp')).map((name) => dirname(name))
}
