import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSamples } from '../../tasks/images/samples.ts'
import { ended, newestRun, planText, removeRepositories, repository, sentenceOf } from '../lib/cli/helpers.ts'
import { ownPlan, plainPath, sets } from './own-plans.ts'

const scratch = mkdtempSync(join(tmpdir(), 'assay-faulty-'))
const images = join(scratch, 'images')
const small = sets({ images, sizes: '480p' })
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
afterAll(removeRepositories)

beforeAll(async () => {
  const few = (await drawSamples()).toSorted((a, b) => a.bytes.length - b.bytes.length).slice(0, 4)
  for (const { path, bytes } of few) await Bun.write(join(images, path), bytes)
})

describe('on a store that misbehaves a plan ends as on one that does not', () => {
  // `bun run test:long` has each kind alone and more seeds.
  test.each([
    ['functional-1', 'rate=0.1,seed=1', 18],
    ['functional-2', 'rate=1,first=1,kinds=503 SlowDown+reset+truncate+corrupt+500 after commit', 12],
  ])(
    '%s with %s',
    async (plan, ASSAY_FAULTS, checks) => {
      const repo = ownPlan(plan)
      const { exit, out } = await repo.run(['plan', plan, ...small], { env: { ...plainPath, ASSAY_FAULTS } })
      expect(out).toContain(`passed · 5 steps, ${checks} checks · `)
      expect(exit).toBe(0)
      expect(out).toMatch(/→ The embedded object store MISBEHAVES ON PURPOSE: /)
      expect(out).toMatch(/→ The embedded object store misbehaved \d+ times: \S/)
      expect(out).toMatch(/→ \d+ requests? to the object store (was|were) repeated: \d+ by the plan, \d+ by its stages/)
      const journal = repo.read(`${await newestRun(repo, plan)}/journal.jsonl`)
      expect(journal.match(/"event":"announced".*MISBEHAVES ON PURPOSE: [^"]*, seed 1, /)).not.toBeNull()
      expect(journal).toMatch(/"event":"announced".*repeated: \d+ by the plan/)
    },
    120_000,
  )
})

test('a line that is wrong is refused once, before a run begins and where one is only shown', async () => {
  const repo = ownPlan('functional-1')
  for (const [ASSAY_FAULTS, next] of [
    ['foo', 'current value is foo. It has rate, kinds, seed, first, each with a value.'],
    ['first=1', 'current value is first=1. It lacks its rate: rate=0.1 is a tenth of the requests.'],
  ] as const)
    for (const words of [[], ['--dry-run']]) {
      const ran = await repo.run(['plan', 'functional-1', ...words], { env: { ...plainPath, ASSAY_FAULTS } })
      expect([ran.exit, ran.out]).toEqual([2, ''])
      expect(sentenceOf(ran)).toStartWith(
        "Cannot make the object store misbehave as 'ASSAY_FAULTS' must be a list like ",
      )
      expect(sentenceOf(ran)).toEndWith(next)
    }
  expect(existsSync(join(repo.dir, 'runs/functional-1'))).toBe(false)
})

test('what a service refuses is told without the place in the file that found it', async () => {
  const service = `{ name: 'disk', precondition: (env) => { if (env.DISK) throw new Problem('No disk ' + env.DISK) }, start: () => never }`
  const body = `const disk = plan.use(${service})
    plan.step({ name: 'read', needs: { disk }, output: v.number(), run: () => 1 })
    plan.step({ name: 'think', output: v.number(), run: () => 1 })`
  const text = `import { Problem } from 'assay'\n${planText('p', body)}`
  const repo = repository({ p: text })
  const env = { DISK: 'seven' }
  for (const words of [[], ['--dry-run']]) {
    const ran = await repo.run(['plan', 'p', ...words], { env })
    expect([ran.exit, ran.out, sentenceOf(ran)]).toEqual([2, '', 'No disk seven'])
  }
  expect((await repo.run(['plan', 'p', '--only', 'think'], { env })).exit).toBe(0)
})

describe('with few descriptors', () => {
  test.each([['64'], ['32'], ['24']])(
    'a run under ulimit -n %s passes or says what it lacks, and does not hang',
    async (limit) => {
      const repo = ownPlan('functional-2')
      const [program = '', ...words] = [
        process.execPath,
        join(repo.dir, 'lib/cli/main.ts'),
        'plan',
        'functional-2',
        ...small,
      ]
      const child = Bun.spawn(['sh', '-c', `ulimit -n ${limit} && exec "$0" "$@"`, program, ...words], {
        cwd: repo.dir,
        env: { HOME: process.env.HOME, NO_COLOR: '1', ...plainPath },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const { exit, out, err } = await ended(child)
      expect([0, 1, 2]).toContain(exit)
      expect(out).toMatch(exit === 0 ? /passed · / : /(errored|failed) · /)
      if (exit !== 0) expect(out).toMatch(/EMFILE|ulimit|too many|could not be done/i)
      expect(err).not.toContain('panic')
    },
    120_000,
  )
})
