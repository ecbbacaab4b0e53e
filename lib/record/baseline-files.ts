import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { cannot, messageOf } from '../plan/problem.ts'
import { type Baseline, type Baselines, inOrder, keyOf } from './baseline.ts'
import { below } from './below.ts'
import { writeWhole } from './files.ts'
import { foldersOf } from './folder.ts'

const schema = v.object({
  schema: v.literal(1),
  plan: v.string(),
  machine: v.string(),
  run: v.string(),
  at: v.string(),
  commit: v.optional(v.string()),
  params: v.optional(v.record(v.string(), v.string())),
  metrics: v.array(v.object({ step: v.string(), metric: v.string(), unit: v.string(), samples: v.array(v.number()) })),
})

/**
 * Baselines as files beside the runs of their plan, where `gc` removes none: `<root>/<plan>/baseline-<machine>-<parameters>.json`. Of an
 * older Assay, which kept one for all parameters, there may be a `baseline-<machine>.json`.
 */
export function fileBaselines(root: string): Baselines {
  const pathOf = (plan: string, machine: string, params: string | undefined) =>
    below(root, [plan, `baseline-${machine}${params === undefined ? '' : `-${digestOf(params)}`}.json`], 'baseline')
  const ownPath = (baseline: Baseline) => pathOf(baseline.plan, baseline.machine, keyOf(baseline))
  const pathsOf = (plan: string, machine?: string) => {
    const folder = below(root, [plan], 'plan')
    const names = existsSync(folder) ? readdirSync(folder) : []
    return names.flatMap((name) => {
      const of = /^baseline-(.+?)(?:-[0-9a-f]{12})?\.json$/.exec(name)?.[1]
      return of !== undefined && (machine === undefined || of === machine) ? [join(folder, name)] : []
    })
  }
  /** Where an older Assay has put the same one. */
  const formerPath = (plan: string, machine: string, params: string | undefined) => {
    const path = pathOf(plan, machine, undefined)
    const key = existsSync(path) ? keyOf(read(path)) : undefined
    return key !== undefined && key === params ? path : undefined
  }
  return {
    find(plan, machine, params) {
      const paths = [pathOf(plan, machine, params), pathOf(plan, machine, undefined)]
      const path = paths.find((path) => existsSync(path))
      const found = path === undefined ? undefined : read(path)
      return found !== undefined && [params, undefined].includes(keyOf(found)) ? found : undefined
    },
    set(baseline) {
      writeWhole(ownPath(baseline), `${JSON.stringify({ schema: 1, ...baseline })}\n`)
      const former = formerPath(baseline.plan, baseline.machine, keyOf(baseline))
      if (former !== undefined) rmSync(former, { force: true })
    },
    remove(baseline) {
      const former = formerPath(baseline.plan, baseline.machine, keyOf(baseline))
      for (const path of [ownPath(baseline), former ?? []].flat()) rmSync(path, { force: true })
    },
    clear(plan, machine) {
      for (const path of pathsOf(plan, machine)) rmSync(path, { force: true })
    },
    all: (plan) => inOrder((plan === undefined ? foldersOf(root) : [plan]).flatMap((one) => pathsOf(one).map(read))),
  }
}

function digestOf(params: string): string {
  return new Bun.CryptoHasher('sha256').update(params).digest('hex').slice(0, 12)
}

function read(path: string): Baseline {
  try {
    const { schema: _, ...baseline } = v.parse(schema, JSON.parse(readFileSync(path, 'utf8')))
    return baseline
  } catch (error) {
    throw cannot(
      'read a baseline',
      path,
      'as this Assay writes it',
      messageOf(error),
      'Delete it, and set it again with baseline set RUN.',
    )
  }
}
