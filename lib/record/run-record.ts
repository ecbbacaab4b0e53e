import type { NodeKind } from '../plan/handle.ts'
import type { Code, Heading, Outcome, RunEnded, RunEvent, ServiceEvent, StepEnded } from './event.ts'

/** A run as its journal tells it: what every view is made from. */
export interface RunRecord {
  /** That of the newest start or resume; its environment names the GPU that a service of this run told of, where one did. */
  readonly heading: Heading
  readonly startedAt: string
  /** How often it was resumed. */
  readonly resumed: number
  /** Everything but services, in the order of the plan. */
  readonly steps: readonly StepRecord[]
  readonly services: readonly ServiceEvent[]
  readonly announcements: readonly string[]
  /** Undefined: the run goes on or died. */
  readonly ended: RunEnded | undefined
}

export interface StepRecord {
  readonly name: string
  readonly kind: Exclude<NodeKind, 'service'>
  readonly needs: readonly string[]
  readonly selected: boolean
  readonly startedAt: string | undefined
  /** Why it runs, when that was said. */
  readonly because: string | undefined
  /** How it ended in the newest sitting; undefined: not (yet). */
  readonly ended: StepEnded | undefined
  /** The newest passed end of any sitting, unless it was begun again since: what `--resume` may reuse. */
  readonly passed: StepEnded | undefined
  /** The code of the sitting that `passed` is of; undefined: it was not looked at. */
  readonly code: Code | undefined
}

/** Folds a journal's events; undefined for a journal without its first line. */
export function recordOf(events: Iterable<RunEvent>): Draft | undefined {
  let record: Draft | undefined
  for (const event of events) record = next(record, event)
  return record
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A record that grows in place, so that following a run costs the same at its first event and its millionth. */
export type Draft = Omit<RunRecord, 'ended' | 'heading'> & {
  heading: Heading
  ended: RunEnded | undefined
  gpu: ServiceEvent['gpu']
  readonly byName: ReadonlyMap<string, Mutable<StepRecord>>
  readonly services: ServiceEvent[]
  readonly announcements: string[]
}

/** The record after one more event: the same one, changed, unless the event starts or resumes the run. */
export function next(record: Draft | undefined, event: RunEvent): Draft | undefined {
  if (event.event === 'run-started' || event.event === 'run-resumed') return draftOf(event, record)
  if (record === undefined) return undefined
  switch (event.event) {
    case 'announced':
      record.announcements.push(event.text)
      break
    case 'service':
      record.services.push(event)
      if (event.gpu !== undefined) {
        record.gpu = event.gpu
        record.heading = onGpu(record.heading, event.gpu)
      }
      break
    case 'step-started': {
      const step = record.byName.get(event.step)
      if (step === undefined) break
      if (event.attempt === 1) step.startedAt = event.at
      // What it left may be half undone by now, so that an end from before proves nothing until it has passed again.
      step.passed = undefined
      step.code = undefined
      step.because = event.because
      break
    }
    case 'step-ended': {
      const step = record.byName.get(event.step)
      if (step === undefined) break
      step.ended = event
      if (event.outcome === 'passed') {
        step.passed = event
        step.code = record.heading.code
      }
      break
    }
    case 'run-ended':
      record.ended = event
  }
  return record
}

function draftOf(heading: Heading, before: Draft | undefined): Draft {
  const chosen = heading.selected && new Set(heading.selected)
  const steps: Mutable<StepRecord>[] = []
  for (const { name, kind, needs } of heading.nodes)
    if (kind !== 'service')
      steps.push({
        name,
        kind,
        needs,
        selected: chosen?.has(name) ?? true,
        startedAt: undefined,
        because: undefined,
        ended: undefined,
        passed: before?.byName.get(name)?.passed,
        code: before?.byName.get(name)?.code,
      })
  return {
    // What was measured before it was gone on with and is reused was taken on that one.
    heading: onGpu(heading, before?.gpu),
    gpu: before?.gpu,
    startedAt: before?.startedAt ?? heading.at,
    resumed: before === undefined ? 0 : before.resumed + 1,
    steps,
    byName: new Map(steps.map((step) => [step.name, step])),
    services: [],
    announcements: [],
    ended: undefined,
  }
}

function onGpu(heading: Heading, gpu: ServiceEvent['gpu']): Heading {
  if (gpu === undefined) return heading
  return { ...heading, environment: { ...heading.environment, gpu: gpu.name, driver: gpu.driver } }
}

/** What the last line counts: steps, checks and measures apart, services not at all. */
export interface Counts {
  readonly steps: Readonly<Record<Outcome, number>>
  /** One for each finding; a check that ended without any counts as one. */
  readonly checks: Readonly<Record<Outcome | 'undecided', number>>
  readonly measures: Readonly<Record<Outcome | 'marginal' | 'undecided', number>>
}

export function countsOf(steps: Iterable<StepRecord>): Counts {
  const none = { passed: 0, failed: 0, errored: 0, skipped: 0, aborted: 0 }
  const counts = {
    steps: { ...none },
    checks: { ...none, undecided: 0 },
    measures: { ...none, marginal: 0, undecided: 0 },
  }
  for (const { kind, ended } of steps) {
    if (ended === undefined) continue
    if (kind === 'step') counts.steps[ended.outcome]++
    else if (kind === 'check')
      for (const finding of ended.findings ?? [undefined])
        counts.checks[
          finding === undefined
            ? ended.outcome
            : finding.verdict === 'pass'
              ? 'passed'
              : finding.verdict === 'fail'
                ? 'failed'
                : 'undecided'
        ]++
    else {
      counts.measures[ended.outcome]++
      for (const metric of ended.metrics ?? [])
        if (metric.verdict === 'marginal' || metric.verdict === 'undecided') counts.measures[metric.verdict]++
    }
  }
  return counts
}
