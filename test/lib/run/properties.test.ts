import { expect, test } from 'bun:test'
import fc from 'fast-check'
import * as v from 'valibot'
import type { Handle } from '../../../lib/plan/handle.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import { Failure } from '../../../lib/plan/problem.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { Store } from '../../../lib/record/store.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'

interface NodeShape {
  readonly needs: readonly number[]
  readonly exclusive: boolean
  readonly gpu: number
  readonly turns: number
  readonly fate: 'pass' | 'fail' | 'err' | 'flaky'
}

const gpus = 2
/** `bun run test:long` tries more. */
const numRuns = process.env.ASSAY_LONG === undefined ? 150 : 3000

const shape: fc.Arbitrary<readonly NodeShape[]> = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(), { maxLength: 3 }),
      exclusive: fc.boolean().map((b) => b),
      gpu: fc.nat(gpus),
      turns: fc.nat(4),
      fate: fc.constantFrom('pass', 'pass', 'pass', 'pass', 'fail', 'err', 'flaky'),
    }),
    { minLength: 1, maxLength: 18 },
  )
  .map((nodes) =>
    nodes.map((node, index) => ({
      ...node,
      exclusive: node.exclusive && node.turns === 0,
      needs: index === 0 ? [] : [...new Set(node.needs.map((need) => need % index))],
    })),
  )

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Runs the graph and keeps watch over what runs beside what. */
async function runWatched(nodes: readonly NodeShape[], jobs: number, store: Store = memoryStore(), resume?: string) {
  const running = new Set<number>()
  const ended: number[] = []
  const began: number[] = []
  const broken: string[] = []
  const look = (index: number) => {
    const gpu = [...running].reduce((sum, other) => sum + (nodes[other]?.gpu ?? 0), 0)
    if (running.size > jobs) broken.push(`${running.size} at once with ${jobs} jobs`)
    if (gpu > gpus) broken.push(`${gpu} of ${gpus} slots taken`)
    if (running.size > 1 && [...running].some((other) => nodes[other]?.exclusive))
      broken.push('an exclusive step was not alone')
    for (const need of nodes[index]?.needs ?? [])
      if (!ended.includes(need)) broken.push(`${index} ran before ${need} had ended`)
  }
  const plan = definePlan({ name: 'random', kind: 'smoke', title: 'Random', slots: { gpu: gpus } }, (plan) => {
    const handles: Handle<number>[] = []
    for (const [index, node] of nodes.entries())
      handles.push(
        plan.step({
          name: `step ${index}`,
          needs: { before: node.needs.flatMap((need) => handles[need] ?? []) },
          exclusive: node.exclusive ? 'alone' : 'shared',
          slots: node.gpu > 0 ? { gpu: node.gpu } : {},
          retry: { times: 1 },
          output: v.number(),
          run: async ({ before }, { attempt }) => {
            if (attempt === 1) began.push(index)
            running.add(index)
            look(index)
            for (let i = 0; i < node.turns; i++) await turn()
            running.delete(index)
            if (node.fate === 'fail') throw new Failure('failed')
            if (node.fate === 'err' || (node.fate === 'flaky' && attempt === 1)) throw new Error('errored')
            ended.push(index)
            return before.reduce((sum, x) => sum + x, index)
          },
        }),
      )
  })
  const result = await runPlan(plan, { store, env: {}, jobs, ...(resume !== undefined && { resume }) })
  if (result.kind === 'busy') throw new Error('busy')
  return { result, began, broken, steps: result.record.steps }
}

test('in any graph every step ends as it must, after its needs, within its slots', async () => {
  await fc.assert(
    fc.asyncProperty(shape, fc.integer({ min: 1, max: 4 }), async (nodes, jobs) => {
      const { steps, broken, began } = await runWatched(nodes, jobs)
      expect(broken).toEqual([])
      expect(new Set(began).size).toBe(began.length)
      for (const [index, node] of nodes.entries()) {
        const outcomes = node.needs.map((need) => steps[need]?.ended?.outcome)
        const expected = outcomes.some((outcome) => outcome !== 'passed')
          ? 'skipped'
          : { pass: 'passed', fail: 'failed', err: 'errored', flaky: 'passed' }[node.fate]
        expect(String(steps[index]?.ended?.outcome)).toBe(expected)
      }
    }),
    { numRuns },
  )
})

test('a run cut off after any line of its journal resumes to the outputs of an unbroken one', async () => {
  await fc.assert(
    fc.asyncProperty(shape, fc.nat(), fc.nat(), async (nodes, cut, torn) => {
      const healthy = nodes.map((node) => ({ ...node, fate: 'pass' as const }))
      const unbroken = await runWatched(healthy, 2)
      const { run } = unbroken.result
      // Another store that holds the journal as it stood when the runner was killed, down to half a line.
      const lines = (await journalOf(healthy)).split('\n').slice(0, -1)
      const kept = 1 + (cut % lines.length)
      const rest = lines[kept] ?? ''
      const store = memoryStore()
      store
        .create('random', run)
        .append(`${lines.slice(0, kept).join('\n')}\n${rest.slice(0, torn % (rest.length + 1))}`)
      const finishedBefore = lines
        .slice(0, kept)
        .flatMap((line) => JSON.parse(line))
        .filter((e) => e.event === 'step-ended')

      const resumed = await runWatched(healthy, 2, store, run)
      expect(resumed.steps.map(({ ended }) => [ended?.outcome, ended?.output])).toEqual(
        unbroken.steps.map(({ ended }) => [ended?.outcome, ended?.output]),
      )
      if (resumed.result.kind === 'ended') expect(resumed.began.length).toBe(nodes.length - finishedBefore.length)
    }),
    { numRuns },
  )
})

async function journalOf(nodes: readonly NodeShape[]): Promise<string> {
  const store = memoryStore()
  const { result } = await runWatched(nodes, 2, store)
  return store.read('random', result.run) ?? ''
}
