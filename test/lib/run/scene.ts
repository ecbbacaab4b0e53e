import * as v from 'valibot'
import { equal } from '../../../lib/plan/check.ts'
import { text } from '../../../lib/plan/param.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { StepRecord } from '../../../lib/record/run-record.ts'
import type { RunOptions, RunResult } from '../../../lib/run/run-options.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'

/** A plan of three steps and a check that the world can break in places. */
export function scene() {
  const world = { calls: [] as string[], broken: false, source: 'source', there: true, version: 'v1', during: () => {} }
  const store = memoryStore()
  const plan = definePlan(
    { name: 'scene', kind: 'functional', title: 'Scene', params: { size: text('720p', 'A size') } },
    (plan, params) => {
      const raw = plan.step({
        name: 'raw',
        output: v.string(),
        run: () => {
          world.calls.push('raw')
          return world.source
        },
        stillThere: () => world.there,
      })
      const made = plan.step({
        name: 'made',
        needs: { raw },
        output: v.pipe(v.string(), v.startsWith(world.version)),
        run: ({ raw }) => {
          world.calls.push('made')
          world.during()
          return `${world.version} ${raw} ${params.size}`
        },
      })
      const last = plan.step({
        name: 'last',
        needs: { made },
        output: v.string(),
        run: ({ made }) => {
          world.calls.push('last')
          if (world.broken) throw new Error('no')
          return made
        },
      })
      plan.check({ name: 'check', needs: { last }, run: ({ last }) => [equal('last', last.length > 0, true)] })
    },
  )
  const run = async (options: Pick<RunOptions, 'resume' | 'params' | 'signal' | 'code'> = {}) => {
    world.calls.length = 0
    const result = await runPlan(plan, { store, env: {}, ...options })
    return { result, calls: [...world.calls], why: reasons(result), run: result.kind === 'busy' ? '' : result.run }
  }
  return { world, run, store }
}

export function reasons(result: RunResult): Record<string, string | undefined> {
  const steps: readonly StepRecord[] = result.kind === 'busy' ? [] : result.record.steps
  return Object.fromEntries(steps.map(({ name, because, ended }) => [name, ended?.because ?? because]))
}

export const reused = 'it passed, and its inputs and parameters are unchanged; its code was not checked'
