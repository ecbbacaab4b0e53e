import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')
const scratch = join(root, '.assay/test/types')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A plan of `steps` steps, each with three needs and an output of its own shape. */
function generated(steps: number): string {
  const lines = Array.from({ length: steps }, (_, i) => {
    const needs = [i - 1, i - 2, i - 7].filter((need) => need >= 0).map((need) => `s${need}`)
    const names = needs.join(', ')
    return `  const s${i} = plan.step({ name: 'step ${i}', needs: { ${names} }, output: v.object({ a: v.number(), b: v.array(v.string()), c${i}: v.optional(v.boolean()) }), run: ({ ${names} }) => ({ a: ${[...needs.map((need) => `${need}.a`), '1'].join(' + ')}, b: [${needs.map((need) => `...${need}.b`).join(', ')}] }) })`
  })
  return `import * as v from 'valibot'
import { definePlan, equal } from '${join(root, 'lib/index.ts')}'
export default definePlan({ name: 'generated', kind: 'smoke', title: 'Generated' }, (plan) => {
${lines.join('\n')}
  plan.check({ name: 'last', needs: { last: s${steps - 1} }, run: ({ last }) => [equal('a', last.a, 1)] })
})
`
}

function check(
  name: string,
  source: string,
): { readonly ok: boolean; readonly output: string; readonly instantiations: number } {
  mkdirSync(scratch, { recursive: true })
  const file = join(scratch, `${name}.ts`)
  const project = join(scratch, `${name}.json`)
  writeFileSync(file, source)
  writeFileSync(project, JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files: [file] }))
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout, exitCode } = Bun.spawnSync([tsc, '-p', project, '--extendedDiagnostics'], { cwd: root })
  const output = stdout.toString()
  return { ok: exitCode === 0, output, instantiations: Number(output.match(/Instantiations:\s+(\d+)/)?.[1]) }
}

describe('the cost of types', () => {
  const [small, middle, large] = [100, 200, 400].map((steps) => check(`generated-${steps}`, generated(steps)))

  test('a plan of 200 steps takes at most 100,000 instantiations', () => {
    expect(middle?.output).not.toContain('error')
    expect(middle?.instantiations).toBeGreaterThan(1000)
    expect(middle?.instantiations).toBeLessThanOrEqual(100_000)
  })

  test('four times the steps take at most 4.5 times the instantiations', () => {
    expect((large?.instantiations ?? Infinity) / (small?.instantiations ?? 0)).toBeLessThanOrEqual(4.5)
  })
})

describe('wrong plans', () => {
  // wrong-plans.ts holds one mistake under each expectation; `tsc` fails on an expectation that finds none.
  const source = () => Bun.file(join(import.meta.dir, 'wrong-plans.ts')).text()

  test('every mistake is one, and the plans around them are right', async () => {
    const moved = (await source()).replaceAll('../../../lib', join(root, 'lib'))
    expect(check('wrong-plans', moved)).toMatchObject({ ok: true })
  })

  test('without their expectations, each is an error of its own', async () => {
    const expectations = (await source()).match(/@ts-expect-error/g)?.length ?? 0
    const bare = (await source()).replaceAll('../../../lib', join(root, 'lib')).replaceAll('@ts-expect-error', '')
    const errors = check('bare-plans', bare).output.match(/error TS/g)?.length ?? 0
    expect(expectations).toBeGreaterThan(25)
    expect(errors).toBeGreaterThanOrEqual(expectations)
  })
})
