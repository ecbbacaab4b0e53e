import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { buildGraph } from '../../../lib/plan/build.ts'
import { text } from '../../../lib/plan/param.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import { fileStore } from '../../../lib/record/files.ts'
import { maskOf } from '../../../lib/record/mask.ts'
import { maskEvent } from '../../../lib/record/mask-event.ts'
import { environmentOf } from '../../../lib/run/environment.ts'
import { checkPreconditions } from '../../../lib/run/preconditions.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'
import { type Selection, select } from '../../../lib/run/select.ts'

describe('selecting steps', () => {
  const graph = buildGraph(
    definePlan({ name: 'p', kind: 'smoke', title: 'P' }, (plan) => {
      const step = (name: string, needs = {}) => plan.step({ name, needs, output: v.null(), run: () => null })
      const a = step('a')
      const b = step('b', { a })
      step('aside')
      const c = step('c', { b })
      step('d', { c })
    }),
    {},
  )
  const names = (selection: Selection) => [...select(graph, 'p', selection)].map((i) => graph.nodes[i]?.name).sort()

  test.each<[Selection, string[]]>([
    [{ kind: 'all' }, ['a', 'aside', 'b', 'c', 'd']],
    [{ kind: 'only', names: ['c'] }, ['a', 'b', 'c']],
    [{ kind: 'only', names: ['aside', 'a'] }, ['a', 'aside']],
    [{ kind: 'until', name: 'c' }, ['a', 'aside', 'b', 'c']],
  ])('%j', (selection, expected) => expect(names(selection)).toEqual(expected))

  test('a step that is not there is named, with the one that was meant', () => {
    expect(() => names({ kind: 'only', names: ['asde'] })).toThrow(
      "Cannot run part of p as '--only' must be a step of the plan: current value is asde. Did you mean 'aside'? There are: a, b, aside, c, d",
    )
  })
})

describe('preconditions', () => {
  const plan = { name: 'p', kind: 'smoke', title: 'P' } as const

  test('all that is missing is named at once', () => {
    const needy = { ...plan, env: ['NOT_SET', 'SET'], programs: ['sh', 'no-such-program'], disk: '900000 TB' } as const
    expect(() => checkPreconditions(needy, { SET: 'x', PATH: process.env.PATH }, tmpdir())).toThrow(
      /^Cannot run p as this machine lacks the variable NOT_SET \(.*\), the program no-such-program \(.*\), disk: 900000000\.0 GB wanted/,
    )
  })

  test('a machine that has everything passes, also for a folder that is not there yet', () => {
    checkPreconditions(
      { ...plan, programs: ['sh'], disk: '1 kB' },
      { PATH: process.env.PATH },
      join(tmpdir(), 'not', 'yet'),
    )
  })
})

describe('secrets', () => {
  const env = { MY_TOKEN: 'hunter2"x', AWS_SECRET_ACCESS_KEY: 'abcdefgh', HOME: '/root/home', A_KEY: 'tiny' }

  test('values of variables that are secret by name are masked, as JSON writes them too', () => {
    const mask = maskOf(env, ['parameter-value'])
    expect(mask(`a hunter2"x b ${JSON.stringify('hunter2"x')} c abcdefgh d parameter-value`)).toBe(
      'a *** b "***" c *** d ***',
    )
  })

  test('what a journal is read by is never masked', () => {
    const event = {
      event: 'step-ended',
      at: 'passed',
      step: 'passed',
      outcome: 'passed',
      duration: 0,
      attempts: 1,
    } as const
    const mask = maskOf({ A_SECRET: 'passed' })
    expect(maskEvent({ ...event, reason: 'it passed' }, mask)).toEqual({ ...event, reason: 'it ***' })
  })

  test('an output that held one is not kept for reuse', () => {
    const event = { event: 'step-ended', at: '', step: 'a', outcome: 'passed', duration: 0, attempts: 1 } as const
    const masked = maskEvent({ ...event, inputs: 'hash', output: ['hunter2"x'] }, maskOf(env))
    expect(masked).toEqual({ ...event, output: ['***'] })
  })

  test('nothing else is', () => expect(maskOf(env)('/root/home tiny')).toBe('/root/home tiny'))

  test('reach no file of a run: not by a parameter, an output, a log, a reason', async () => {
    const root = mkdtempSync(join(tmpdir(), 'assay-secret-'))
    const plan = definePlan(
      {
        name: 'leaky',
        kind: 'smoke',
        title: 'Leaky',
        params: { password: text(undefined, 'A password', { secret: true }) },
      },
      (plan, { password }) => {
        const leaked = plan.step({
          name: 'leak',
          output: v.string(),
          run: async (_, { log, $, folder, env }) => {
            log(`the password is ${password}`)
            await $`echo ${password} ${env.MY_TOKEN}`
            return `${password} ${folder.length}`
          },
        })
        plan.step({
          name: 'throw',
          needs: { leaked },
          output: v.null(),
          run: () => {
            throw new Error(`no entry with ${password}`)
          },
        })
      },
    )
    const secrets = { ...process.env, MY_TOKEN: 'token-of-the-test' }
    const result = await runPlan(plan, { store: fileStore(root), env: secrets, params: { password: 'hunter2hunter2' } })
    expect(result).toMatchObject({ outcome: 'errored' })
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')).join('\n')
    expect(texts).toContain('the password is ***')
    expect(texts).toContain('no entry with ***')
    expect(texts).not.toContain('hunter2hunter2')
    expect(texts).not.toContain('token-of-the-test')
    rmSync(root, { recursive: true })
  })
})

test('the environment names the machine and the commit', () => {
  const here = environmentOf(join(import.meta.dir, '../../..'))
  expect(here.cores).toBeGreaterThan(0)
  expect(here.bun).toBe(Bun.version)
  expect(here.commit).toMatch(/^[0-9a-f]{40}$/)
  expect(environmentOf(tmpdir()).commit).toBeUndefined()
})

test('a plan that is in no commit makes the environment dirty, and what runs leave does not', () => {
  const root = mkdtempSync(join(tmpdir(), 'assay-dirty-'))
  const git = (...words: string[]) =>
    expect(Bun.spawnSync(['git', '-C', root, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words]).exitCode).toBe(0)
  const write = (path: string) => {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), path)
  }
  try {
    git('init', '-q')
    for (const path of ['sub/plans/one.ts', '.gitignore']) write(path)
    writeFileSync(join(root, '.gitignore'), 'ignored\n')
    git('add', '.')
    git('commit', '-qm', 'all')
    for (const path of ['sub/runs/one/r/journal.jsonl', 'sub/.assay/cache', 'sub/ignored']) write(path)
    const sub = join(root, 'sub')
    expect(environmentOf(sub).dirty).toBe(false)
    write('sub/plans/two.ts')
    expect(environmentOf(sub).dirty).toBe(true)
    rmSync(join(sub, 'plans/two.ts'))
    write('runs.ts')
    expect(environmentOf(sub).dirty).toBe(true)
    rmSync(join(root, 'runs.ts'))
    writeFileSync(join(sub, 'plans/one.ts'), 'changed')
    expect(environmentOf(sub).dirty).toBe(true)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('the index of the repository is not written: a run that is killed over it would leave it locked', () => {
  const root = mkdtempSync(join(tmpdir(), 'assay-index-'))
  const git = (...words: string[]) =>
    expect(Bun.spawnSync(['git', '-C', root, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words]).exitCode).toBe(0)
  try {
    git('init', '-q')
    writeFileSync(join(root, 'plan.ts'), 'plan')
    git('add', '.')
    git('commit', '-qm', 'all')
    const index = readFileSync(join(root, '.git/index'))
    // The same bytes at another time: `git status` would note that in its index.
    utimesSync(join(root, 'plan.ts'), 1, 1)
    expect(environmentOf(root).dirty).toBe(false)
    expect(readFileSync(join(root, '.git/index')).equals(index)).toBe(true)
  } finally {
    rmSync(root, { recursive: true })
  }
})
