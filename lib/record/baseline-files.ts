import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { cannot, messageOf } from '../plan/problem.ts'
import type { Baseline, Baselines } from './baseline.ts'
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

/** Baselines as files beside the runs of their plan, where `gc` removes none: `<root>/<plan>/baseline-<machine>.json`. */
export function fileBaselines(root: string): Baselines {
  const pathOf = (plan: string, machine: string) => below(root, [plan, `baseline-${machine}.json`], 'baseline')
  const pathsOf = (plan: string) => {
    const folder = below(root, [plan], 'plan')
    const names = existsSync(folder) ? readdirSync(folder) : []
    return names.flatMap((name) => (/^baseline-.+\.json$/.test(name) ? [join(folder, name)] : [])).sort()
  }
  return {
    find(plan, machine) {
      const path = pathOf(plan, machine)
      return existsSync(path) ? read(path) : undefined
    },
    set: (baseline) =>
      writeWhole(pathOf(baseline.plan, baseline.machine), `${JSON.stringify({ schema: 1, ...baseline })}\n`),
    clear(plan, machine) {
      for (const path of machine === undefined ? pathsOf(plan) : [pathOf(plan, machine)]) rmSync(path, { force: true })
    },
    all: () => foldersOf(root).flatMap((plan) => pathsOf(plan).map(read)),
  }
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
