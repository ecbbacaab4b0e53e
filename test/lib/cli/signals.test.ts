import { afterAll, describe, expect, spyOn, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onSignals } from '../../../lib/cli/signals.ts'
import { runs } from '../shell/runs.ts'
import { ended, newestRun, passing, planText, type Repository, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

/** A step whose shell starts a child that would outlive it; their process ids are in `pids`. */
const busy = `
  const first = plan.step({ name: 'first', output: v.number(), run: () => 1 })
  const second = plan.step({ name: 'busy', needs: { first }, output: v.number(), run: async (_, { $ }) => {
    await $\`sleep 600 & echo $$ $! > pids; wait\`
    return 2
  } })
  plan.step({ name: 'after', needs: { second }, output: v.number(), run: () => 3 })`

/** Hears nothing: neither the signal of the run nor SIGTERM. */
const stubborn = `
  plan.step({ name: 'busy', output: v.number(), run: async () => {
    const child = Bun.spawn(['sh', '-c', 'trap "" TERM INT; echo $$ > pids; while :; do sleep 0.05; done'])
    await child.exited
    return 2
  } })`

async function pidsOf({ dir }: Repository): Promise<number[]> {
  for (;;) {
    const text = existsSync(join(dir, 'pids')) ? await Bun.file(join(dir, 'pids')).text() : ''
    if (text.endsWith('\n')) return text.trim().split(/\s+/).map(Number)
    await Bun.sleep(5)
  }
}

describe('a signal to a plan that runs', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s ends it with %p: children gone, summary and views there', async (signal, exit) => {
    const repo = repository({ busy: planText('busy', busy), later: planText('later', passing) })
    const child = repo.start(['plan', 'busy', 'later', '--csv', 'all.csv'])
    const pids = await pidsOf(repo)
    child.kill(signal)
    const ran = await ended(child)
    expect(ran.exit).toBe(exit)
    expect(pids.filter(runs)).toEqual([])
    expect(ran.out).toContain(`interrupted by ${signal}`)
    expect(ran.out).toMatch(/aborted · 2 steps|aborted · 3 steps/)
    expect(ran.out).not.toContain('The plan later')
    const run = await newestRun(repo, 'busy')
    expect(repo.read(`${run}/journal.jsonl`)).toContain(`"event":"run-ended"`)
    expect(repo.read(`${run}/results.csv`)).toContain(',busy,')
    expect(repo.read('all.csv')).toBe(repo.read(`${run}/results.csv`))
    expect(existsSync(join(repo.dir, run, 'junit.xml'))).toBe(true)
    expect((await repo.run(['plan'])).out).toMatch(/busy +aborted/)
  })

  test('a program that ends with 0 when it is told to stop has not done its work: --resume runs its step again', async () => {
    const half = `plan.step({ name: 'half', output: v.string(), run: async (_, { $ }) => {
      const made = await $\`test -f whole && echo whole && exit; trap 'echo part; exit 0' TERM; echo $$ > pids; sleep 60 & wait\`
      return made.stdout
    } })`
    const repo = repository({ half: planText('half', half) })
    const child = repo.start(['plan', 'half'])
    await pidsOf(repo)
    child.kill('SIGTERM')
    expect((await ended(child)).exit).toBe(143)
    expect(repo.read(`${await newestRun(repo, 'half')}/journal.jsonl`)).not.toContain('"outcome":"passed"')
    repo.file('whole', '')
    expect((await repo.run(['plan', 'half', '--resume'])).exit).toBe(0)
    expect(repo.read(`${await newestRun(repo, 'half')}/journal.jsonl`)).toContain('"output":"whole')
  })

  test('a Ctrl-C that arrives twice within 300 ms counts once', () => {
    const heard: string[] = []
    const clock = spyOn(performance, 'now')
    const forget = onSignals(
      { isTTY: true },
      ({ exit }) => heard.push(`stop ${exit}`),
      ({ exit }) => heard.push(`force ${exit}`),
    )
    try {
      for (const at of [1000, 1001, 1299]) {
        clock.mockReturnValue(at)
        process.emit('SIGINT', 'SIGINT')
      }
      expect(heard).toEqual(['stop 130'])
      clock.mockReturnValue(1300)
      process.emit('SIGTERM', 'SIGTERM')
      expect(heard).toEqual(['stop 130'])
      process.emit('SIGINT', 'SIGINT')
      expect(heard).toEqual(['stop 130', 'force 130'])
    } finally {
      clock.mockRestore()
      forget()
    }
  })

  test('a second Ctrl-C ends at once what does not end by itself, and the views are there', async () => {
    const repo = repository({ stubborn: planText('stubborn', stubborn) })
    const child = repo.start(['plan', 'stubborn'])
    const pids = await pidsOf(repo)
    child.kill('SIGINT')
    // The run tells its steps and waits 4 s for them; the second one comes when 300 ms have made it deliberate.
    await Bun.sleep(350)
    const second = performance.now()
    child.kill('SIGINT')
    expect(await child.exited).toBe(130)
    expect(performance.now() - second).toBeLessThan(3000)
    expect(pids.filter(runs)).toEqual([])
    expect(repo.read(`${await newestRun(repo, 'stubborn')}/results.csv`)).toContain('busy')
  })

  test.skipIf(process.platform !== 'linux')('nohup is heeded, also through bun run', async () => {
    const body = `plan.step({ name: 'hup', output: v.number(), run: async () => {
      process.kill(process.pid, 'SIGHUP')
      await Bun.sleep(20)
      return 1
    } })`
    const repo = repository({ hup: planText('hup', body) })
    expect((await repo.run(['plan', 'hup'])).exit).toBe(143)
    writeFileSync(join(repo.dir, 'package.json'), '{ "scripts": { "plan": "assay plan" } }')
    const bin = Bun.spawnSync(['mkdir', '-p', join(repo.dir, 'node_modules/.bin')])
    expect(bin.exitCode).toBe(0)
    Bun.spawnSync(['ln', '-s', '../assay/lib/cli/main.ts', join(repo.dir, 'node_modules/.bin/assay')])
    const child = Bun.spawn(['nohup', process.execPath, 'run', 'plan', 'hup'], {
      cwd: repo.dir,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    expect(await child.exited).toBe(0)
  })
})
