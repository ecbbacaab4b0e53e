import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { softwareGpu } from '../../gpu-software.ts'
import { home } from './helpers.ts'

const scratch = mkdtempSync(join(tmpdir(), 'assay-package-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

async function run(cwd: string, ...argv: string[]) {
  const { FORCE_COLOR: _, ...env } = process.env
  const child = Bun.spawn(argv, { cwd, env: { ...env, NO_COLOR: '1' }, stdout: 'pipe', stderr: 'pipe' })
  const [exit, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()])
  return { exit, out, err }
}

const tsc = join(home, 'node_modules/.bin/tsc')

describe('plan --new in a clone of Assay', () => {
  test('writes a plan that type-checks and passes, and does not overwrite one', async () => {
    const clone = join(scratch, 'clone')
    for (const name of ['lib', 'package.json', 'bun.lock', 'tsconfig.json'])
      cpSync(join(home, name), join(clone, name), { recursive: true })
    symlinkSync(join(home, 'node_modules'), join(clone, 'node_modules'))
    const made = await run(clone, process.execPath, 'run', 'plan', '--new', 'smoke-mine')
    expect(made).toMatchObject({ exit: 0, out: 'Wrote plans/smoke-mine.ts. Run it: bun run plan smoke-mine\n' })
    expect(await run(clone, process.execPath, 'run', 'plan', 'smoke-mine')).toMatchObject({ exit: 0 })
    expect(await run(clone, tsc, '-p', '.')).toEqual({ exit: 0, out: '', err: '' })
    const again = await run(clone, process.execPath, 'run', 'plan', '--new', 'smoke-mine')
    expect([again.exit, again.err.includes("'plans/smoke-mine.ts' must be new")]).toEqual([2, true])
  })
})

describe('the packed package in another repository', () => {
  const user = join(scratch, 'user')
  let packed = ''

  beforeAll(async () => {
    const pack = await run(home, process.execPath, 'pm', 'pack', '--destination', scratch)
    if (pack.exit !== 0) throw new Error(pack.err)
    packed = readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? ''
    const manifest = { name: 'user', private: true, type: 'module' }
    await Bun.write(join(user, 'package.json'), JSON.stringify(manifest))
    const added = await run(user, process.execPath, 'add', '--prefer-offline', `../${packed}`)
    if (added.exit !== 0) throw new Error(added.err)
    const made = await run(user, process.execPath, 'x', 'assay', 'plan', '--new', 'smoke-mine')
    if (made.exit !== 0) throw new Error(made.err)
  }, 120_000)

  test('runs a plan of its own with bunx, its runs beside its plans', async () => {
    const { exit, out } = await run(user, process.execPath, 'x', 'assay', 'plan', 'smoke-mine', '--set', 'times=2')
    expect(exit).toBe(0)
    expect(out).toContain('again: bunx assay plan smoke-mine --set times=2')
    expect(readdirSync(join(user, 'runs'))).toEqual(['smoke-mine'])
    expect((await run(user, process.execPath, 'x', 'assay', 'plan')).out).toMatch(/smoke-mine +passed/)
  })

  test("has Assay's own plans, of which a line makes one of the repository's", async () => {
    await Bun.write(join(user, 'plans/gpu-smoke.ts'), "export { default } from 'assay/plans/gpu-smoke'\n")
    const words = ['gpu-smoke', '--set', 'adapter=software', '--only', 'look at the card']
    const ran = await run(user, process.execPath, 'x', 'assay', 'plan', ...words)
    rmSync(join(user, 'plans/gpu-smoke.ts'))
    rmSync(join(user, 'runs/gpu-smoke'), { recursive: true })
    if (softwareGpu === undefined) expect([ran.exit, ran.out.includes('everything was skipped')]).toEqual([2, true])
    else expect([ran.exit, /passed · 1 step/.test(ran.out)]).toEqual([0, true])
  })

  test('is what --dir hands over to, from any other Assay', async () => {
    const { exit, out } = await run(home, process.execPath, 'run', 'plan', 'smoke-mine', '--dir', user)
    expect(exit).toBe(0)
    expect(out).toContain('A shell says what it is told')
  })

  test('runs a plan from a program, which sees its events and its outcome', async () => {
    await Bun.write(
      join(user, 'program.ts'),
      `import { fileStore, runPlan } from 'assay/embed'
import plan from './plans/smoke-mine.ts'

const seen: string[] = []
const result = await runPlan(plan, {
  store: fileStore('elsewhere'),
  params: { times: '2' },
  observe: (event) => void (event.event === 'step-ended' && seen.push(event.step)),
})
console.log(JSON.stringify([result.kind === 'ended' && result.outcome, seen]))
`,
    )
    const { out } = await run(user, process.execPath, 'program.ts')
    expect(out).toBe('["passed",["ask a shell","it said hello"]]\n')
    expect(readdirSync(join(user, 'elsewhere'))).toEqual(['smoke-mine'])
  })

  test('has declarations that hold where libraries are checked too', async () => {
    const types = readdirSync(join(user, 'node_modules/assay/types'), { recursive: true, encoding: 'utf8' })
    const files = types.filter((file) => file.endsWith('.d.ts')).map((file) => `node_modules/assay/types/${file}`)
    expect(files.length).toBeGreaterThan(50)
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'ESNext',
      module: 'Preserve',
      types: ['bun-types'],
    }
    symlinkSync(join(home, 'node_modules/bun-types'), join(user, 'node_modules/bun-types'))
    await Bun.write(
      join(user, 'declarations/tsconfig.json'),
      JSON.stringify({ compilerOptions, files: files.map((file) => `../${file}`) }),
    )
    const { out } = await run(user, tsc, '-p', 'declarations', '--pretty', 'false')
    // zx wants types that are the user's to have.
    const ours = out.split('\n').filter((line) => line.includes('assay/types/'))
    expect(ours).toEqual([])
  })

  test('type-checks strictly, and its types are no any', async () => {
    await Bun.write(
      join(user, 'wrong.ts'),
      `import { definePlan, quantity, type StepContext } from 'assay'
import { sizeList } from 'assay/tasks/images/sizes'
import * as v from 'valibot'

type IsAny<T> = 0 extends 1 & T ? true : false
const known: [IsAny<StepContext>, IsAny<StepContext['folder']>, IsAny<ReturnType<typeof sizeList>>] = [false, false, false]

definePlan({ name: 'x', kind: 'smoke', title: 't', params: { sizes: sizeList('720p') } }, (plan, params) => {
  const a = plan.step({ name: 'a', output: v.number(), run: () => params.sizes.length })
  // @ts-expect-error a string is no number
  plan.step({ name: 'b', output: v.number(), run: () => 'text' })
  // @ts-expect-error a number has no such property
  plan.check({ name: 'c', needs: { a }, run: ({ a }) => [a.nope] })
  // @ts-expect-error a parameter that is not there
  params.nope
})
// @ts-expect-error no string
const wrong: string = quantity(1, 'MB')
export { known, wrong }
`,
    )
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'ESNext',
      module: 'Preserve',
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      types: [],
    }
    writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['plans', '*.ts'] }))
    await Bun.write(join(user, 'console.d.ts'), 'declare const console: { log(text: string): void }\n')
    expect(await run(user, tsc, '-p', '.')).toEqual({ exit: 0, out: '', err: '' })
  })
})
