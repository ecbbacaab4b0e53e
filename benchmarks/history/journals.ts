import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { normal, seeded } from '../statistics/draw.ts'

/** Twenty metrics of ten samples each, about what a performance plan has. */
const metrics = 20
const samples = 10

/**
 * Leaves `count` runs below `folder`, a quarter of an hour apart and evenly of ten plans: half of them measured something. The journals are
 * as `plan` writes them, with a handful of steps. Returns how many bytes they are.
 */
export function leaveRuns(folder: string, count: number): number {
  const random = seeded(1)
  let bytes = 0
  for (let i = 0; i < count; i++) {
    const at = new Date(Date.UTC(2026, 0, 1) + i * 15 * 60_000).toISOString()
    const plan = `plan-${i % 10}`
    const run = `${at.slice(0, 10).replaceAll('-', '')}-${at.slice(11, 19).replaceAll(':', '')}-22${letters(i)}`
    const path = join(folder, plan, run)
    mkdirSync(path, { recursive: true })
    const text = journal(plan, run, at, i % 2 === 0, () => normal(random))
    writeFileSync(join(path, 'journal.jsonl'), text)
    bytes += text.length
  }
  return bytes
}

function letters(i: number): string {
  const alphabet = '23456789abcdefghijkmnpqrstuvwxyz'
  return `${alphabet[(i >> 5) % 32]}${alphabet[i % 32]}`
}

function journal(plan: string, run: string, at: string, measured: boolean, noise: () => number): string {
  const steps = Array.from({ length: 8 }, (_, i) => `step ${i}`)
  const nodes = [
    ...steps.map((name) => ({ name, kind: 'step', needs: [] })),
    { name: 'speed', kind: 'measure', needs: [] },
  ]
  const environment = {
    host: 'h',
    cpu: 'c',
    cores: 2,
    memory: 4e9,
    os: 'o',
    bun: '1.4.5',
    machine: 'b6f1a2c3d4e5',
    commit: run,
  }
  const heading = {
    at,
    plan,
    kind: 'performance',
    title: plan,
    run,
    params: {},
    tags: [],
    again: '',
    nodes,
    environment,
  }
  const ended = { at, outcome: 'passed', duration: 1, attempts: 1 }
  const found = Array.from({ length: metrics }, (_, i) => ({
    ...{ name: `metric ${i}`, unit: 's', better: 'lower', verdict: 'recorded' },
    samples: Array.from({ length: samples }, () => 1 + 0.02 * noise()),
  }))
  const events = [
    { event: 'run-started', schema: 1, ...heading },
    ...steps.flatMap((step) => [
      { event: 'step-started', at, step, attempt: 1 },
      { event: 'step-ended', step, ...ended, output: { objects: 12, bytes: 123_456 } },
    ]),
    ...(measured ? [{ event: 'step-ended', step: 'speed', ...ended, metrics: found }] : []),
    { event: 'run-ended', at, outcome: 'passed', exit: 0, duration: 12 },
  ]
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}
