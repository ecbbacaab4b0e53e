import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { newestRun, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

describe('part of a plan', () => {
  const twice = `
    const first = plan.step({ name: 'first', output: v.number(), run: () => 1 })
    const second = plan.step({ name: 'second', needs: { first }, output: v.number(), run: (_, { env }) => {
      if (env.BROKEN) throw new Failure('broken')
      return 2
    } })
    plan.check({ name: 'both', needs: { second }, run: ({ second }) => [equal('two', second, 2)] })
    plan.step({ name: 'other', output: v.number(), run: () => 1 })`

  test('--resume runs again only what did not pass, and --explain says why', async () => {
    const repo = repository({ twice: planText('twice', twice) })
    expect((await repo.run(['plan', 'twice'], { env: { BROKEN: '1' } })).exit).toBe(1)
    const dry = await repo.run(['plan', 'twice', '--resume', '--dry-run'])
    expect(dry.out).toMatch(/first +reused: it passed/)
    expect(dry.out).toMatch(/second +runs: it had failed/)
    const { exit, out } = await repo.run(['plan', 'twice', '--resume', '--explain'])
    expect(exit).toBe(0)
    expect(out).toContain('it passed, and its inputs, parameters and code are unchanged')
    expect(out).toContain('it had failed')
    expect(readdirSync(join(repo.dir, 'runs/twice')).filter((name) => !name.startsWith('.'))).toHaveLength(1)
  })

  test('--resume --dry-run names the step that a decision waits for, not what it is called by who needs it', async () => {
    const body = `
      const first = plan.step({ name: 'first one', output: v.number(), run: (_, { env }) => {
        if (env.BROKEN) throw new Failure('broken')
        return 1
      } })
      const made = plan.step({ name: 'second one', output: v.number(), run: () => 1 })
      plan.step({ name: 'last', needs: { made: first, other: made }, output: v.number(), run: () => 1 })`
    const repo = repository({ names: planText('names', body) })
    await repo.run(['plan', 'names'], { env: { BROKEN: '1' } })
    const { out } = await repo.run(['plan', 'names', '--resume', '--dry-run'])
    expect(out).toMatch(/step +last +runs, unless first one comes out as it was\n/)
  })

  test('--run is for one plan, which is said once', async () => {
    const repo = repository({ one: planText('one', passing), two: planText('two', passing) })
    await repo.run(['plan', 'one'])
    const run = (await newestRun(repo, 'one')).split('/').at(-1) ?? ''
    const ran = await repo.run(['plan', 'one', 'two', '--resume', '--run', run])
    expect([ran.exit, ran.out, sentenceOf(ran)]).toEqual([
      2,
      '',
      "Cannot resume a run as '--run' must be given with one plan: current value is one two",
    ])
  })

  test('--failed runs the plans that failed last time, and of them what failed and what waited for it', async () => {
    const repo = repository({ twice: planText('twice', twice), passes: planText('passes', passing) })
    await repo.run(['plan', 'twice', 'passes'], { env: { BROKEN: '1' } })
    const { exit, out } = await repo.run(['plan', '--failed'])
    expect(exit).toBe(0)
    expect(out).not.toContain('The plan passes')
    expect(out).not.toContain('other')
    expect(out).toContain('both')
    expect(await repo.run(['plan', '--failed'])).toEqual({ exit: 0, out: 'Nothing failed last time\n', err: '' })
  })

  test('--run finds the run and its plan by a beginning and by a path', async () => {
    const repo = repository({ twice: planText('twice', twice) })
    await repo.run(['plan', 'twice'], { env: { BROKEN: '1' } })
    const path = await newestRun(repo, 'twice')
    await repo.run(['plan', 'twice'], { env: { BROKEN: '1' } })
    const id = path.split('/').at(-1) ?? ''
    expect((await repo.run(['plan', '--run', path])).out).toContain(id)
    expect((await repo.run(['plan', 'twice', '--resume', '--run', id.slice(0, -1)])).out).toContain(
      `Nothing to do: ${path}`,
    )
  })

  test('--tag and --skip-tag choose plans', async () => {
    const repo = repository({
      quick: planText('quick', passing, `tags: ['nightly']`),
      slow: planText('slow', passing, `tags: ['nightly', 'slow']`),
      other: planText('other', passing),
    })
    const ran = async (...words: string[]) =>
      [...(await repo.run(['plan', ...words])).out.matchAll(/The plan (\S+)/g)].map(([, name]) => name)
    expect(await ran('--tag', 'nightly')).toEqual(['quick', 'slow'])
    expect(await ran('--tag', 'nightly', '--skip-tag', 'slow')).toEqual(['quick'])
    expect(await ran('--skip-tag', 'nightly')).toEqual(['other'])
    expect(await ran('o*', '--tag', 'slow')).toEqual([])
  })

  test('--dry-run starts and writes nothing', async () => {
    const service = `const place = plan.use({ name: 'a place', start: () => { throw new Error('started') } })
      plan.step({ name: 'work', needs: { place }, output: v.number(), run: () => { throw new Error('ran') } })`
    const header = `env: ['NOT_SET'], params: { size: text('2', 'size') }`
    const repo = repository({ dry: planText('dry', service, header) })
    const { exit, out } = await repo.run(['plan', 'dry', '--dry-run', '--set', 'size=4'])
    expect(exit).toBe(0)
    expect(out).toMatch(/service +a place +starts\n +step +work +runs\n/)
    expect(out).toMatch(/size +4/)
    expect(out).toContain('lacks the variable NOT_SET')
    expect(existsSync(join(repo.dir, 'runs'))).toBe(false)
  })
})
