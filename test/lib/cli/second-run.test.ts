import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { newestRun, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

describe('two at once', () => {
  const waiting = `plan.step({ name: 'wait', output: v.number(), run: async (_, { env }) => {
    console.error('waiting')
    while (!(await Bun.file(env.GO).exists())) await Bun.sleep(5)
    return 1
  } })`

  test('the second run of a plan ends with 75 and says who holds it', async () => {
    const repo = repository({ wait: planText('wait', waiting) })
    const go = join(repo.dir, 'go')
    const first = repo.start(['plan', 'wait'], { env: { GO: go } })
    while (!existsSync(join(repo.dir, 'runs/wait/.lock'))) await Bun.sleep(5)
    while ((await Array.fromAsync(new Bun.Glob('runs/wait/*/journal.jsonl').scan(repo.dir))).length === 0)
      await Bun.sleep(5)
    const second = await repo.run(['plan', 'wait'], { env: { GO: go } })
    expect(second.exit).toBe(75)
    const run = (await newestRun(repo, 'wait')).split('/').at(-1)
    expect(sentenceOf(second)).toMatch(
      new RegExp(`is run ${run} \\(process ${first.pid} on .*\\), running since 2\\d{3}-`),
    )
    expect((await repo.run(['plan'])).out).toMatch(/wait +running/)
    await Bun.write(go, '')
    expect(await first.exited).toBe(0)
  })
})
