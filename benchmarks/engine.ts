import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { $ } from 'zx'
import { fileStore, runPlan } from '../lib/embed.ts'
import { definePlan, type Handle } from '../lib/index.ts'
import { holdTree } from '../lib/shell/tree.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

// What the engine adds: to a run; to a shell step, beside the same command through zx alone; to a step that does nothing, beside its share of
// the syncs that make it safe; and how that grows with the plan.

const quick = process.argv.includes('--quick')
const root = mkdtempSync(join(tmpdir(), 'assay-engine-'))

/** Runs a plan over real files; how long that took and how much of it was spent waiting for the disk alone. */
async function timed(plan: Parameters<typeof runPlan>[0]) {
  const files = fileStore(root)
  let waiting = 0
  let began = 0
  let idle = 0
  const store: typeof files = {
    ...files,
    create: (name, run) => {
      const inner = files.create(name, run)
      const sync = async () => {
        if (waiting++ === 0) began = performance.now()
        await inner.sync()
        if (--waiting === 0) idle += performance.now() - began
      }
      return { ...inner, sync }
    },
  }
  const start = performance.now()
  const result = await runPlan(plan, { store, env: process.env, jobs: 1 })
  const took = performance.now() - start
  if (result.kind !== 'ended' || result.exit !== 0) throw new Error(`the plan did not pass: ${result.kind}`)
  return { took, syncing: idle }
}

// Enough that what a run costs once is not taken for the cost of a step.
const commands = 50

/** A plan of shell steps one after the other, each building on the one before. */
const shellPlan = definePlan({ name: 'shell', kind: 'performance', title: 'Shell steps' }, (plan) => {
  let before = plan.step({ name: '0', output: v.string(), run: async (_, { $ }) => (await $`echo 0`).stdout })
  for (let i = 1; i < commands; i++)
    before = plan.step({
      name: String(i),
      needs: { before },
      output: v.string(),
      run: async (_, { $ }) => (await $`echo ${i}`).stdout,
    })
})

async function bareZx() {
  const start = performance.now()
  for (let i = 0; i < commands; i++) await $({ quiet: true })`echo ${i}`
  return performance.now() - start
}

async function shellSteps() {
  const ours: number[] = []
  const theirs: number[] = []
  await timed(shellPlan)
  await bareZx()
  for (let i = 0; i < (quick ? 7 : 20); i++) {
    ours.push((await timed(shellPlan)).took)
    theirs.push(await bareZx())
  }
  const ratio = pairedRatio(ours, theirs)
  // Here less is better, so the bar is met where the inverse's would be missed.
  const verdict = { pass: 'fail', fail: 'pass', undecided: 'undecided' }[judge(ratio, 1.5)]
  const each = (times: readonly number[]) => `${(median(times) / commands).toFixed(2)} ms`
  printTable(
    ['a trivial shell step', 'journaled', 'bare zx', 'ratio', 'bar', ''],
    [[`${commands} in a row`, each(ours), each(theirs), showRatio(ratio), '≤ 1.5', verdict]],
  )
}

/** Steps that do nothing: half of them in layers that need the one before, so that syncs are shared and waited for. */
function emptyPlan(steps: number) {
  return definePlan({ name: 'empty', kind: 'performance', title: 'Empty steps' }, (plan) => {
    const width = Math.max(10, Math.floor(steps / 100))
    const handles: Handle<number>[] = []
    const declare = (i: number) => {
      const before = handles[i - width]
      return plan.step({
        name: `step ${i}`,
        needs: { before: before ? [before] : [] },
        output: v.number(),
        run: () => i,
      })
    }
    for (let i = 0; i < steps; i++) handles.push(declare(i))
  })
}

async function emptySteps() {
  const sizes = quick ? [1000, 10_000, 100_000] : [1000, 10_000, 100_000, 1_000_000]
  await timed(emptyPlan(1000))
  const rows: string[][] = []
  for (const steps of sizes) {
    const runs = steps > 100_000 ? 1 : 3
    const own: number[] = []
    const all: number[] = []
    for (let i = 0; i < runs; i++) {
      const { took, syncing } = await timed(emptyPlan(steps))
      own.push(((took - syncing) / steps) * 1000)
      all.push((took / steps) * 1000)
    }
    const least = Math.min(...own).toFixed(1)
    rows.push([
      steps.toLocaleString('en'),
      `${median(all).toFixed(1)} µs`,
      `${median(own).toFixed(1)} µs (least ${least})`,
      steps === 100_000 ? '≤ 20 µs' : '',
      steps === 100_000 ? (median(own) <= 20 ? 'pass' : 'fail') : '',
    ])
  }
  printTable(['empty steps', 'each, in all', 'beside its syncs', 'bar', ''], rows)
}

/** What a run pays so that nobody outlives it: the mark, two sentinels, a look around at its end. */
async function guard() {
  const took: number[] = []
  const spawning: number[] = []
  for (let i = 0; i < (quick ? 20 : 50); i++) {
    const start = performance.now()
    const tree = holdTree()
    await tree.sweep(true)
    await tree.close()
    took.push(performance.now() - start)
    const before = performance.now()
    for (const child of [Bun.spawn(['/bin/sh', '-c', ':']), Bun.spawn(['/bin/sh', '-c', ':'])]) await child.exited
    spawning.push(performance.now() - before)
  }
  const each = median(took)
  printTable(
    ['leaving nobody behind', 'a run', 'beside two empty shells', 'bar', ''],
    [['', `${each.toFixed(2)} ms`, `${median(spawning).toFixed(2)} ms`, '≤ 15 ms', each <= 15 ? 'pass' : 'fail']],
  )
}

await shellSteps()
console.log()
await guard()
console.log()
await emptySteps()
rmSync(root, { recursive: true })
