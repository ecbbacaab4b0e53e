import type { FindingRecord, MetricRecord } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'
import { sentenceOf } from '../run/perform.ts'
import { summarize } from '../stats/summary.ts'
import { endsOf, type StepEnd } from './ends.ts'
import { outcomeOf } from './summary.ts'
import { element } from './xml.ts'

/** A plan that has no run to show. */
export interface Absent {
  readonly plan: string
  /** Why: that it could not be loaded, or another run of it goes on. */
  readonly reason: string
  readonly at: string
  readonly host: string
}

/**
 * JUnit XML of `runs`: a suite a run; a case a step, a measure, a finding of a check, or a check without findings.
 * `failed` is a `failure`; `errored` and `aborted` are an `error`; `skipped` and an undecided finding are `skipped`.
 * A run that did not pass for a reason that no case shows (a service, `--strict`, an interruption) has a case of its own,
 * and a plan without a run a suite with nothing else.
 */
export function junitXml(runs: readonly (RunRecord | Absent)[]): string {
  const suites = runs.map((run) => ('reason' in run ? absentSuite(run) : suiteOf(run)))
  const all = suites.flatMap(({ cases }) => cases)
  const root = element(
    'testsuites',
    { name: 'assay', ...countsOf(all), time: timeOf(suites.map(({ duration }) => duration)) },
    suites.map(({ xml }) => xml),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}`
}

interface Case {
  readonly name: string
  readonly classname: string
  /** In seconds. */
  readonly time: number
  readonly result: Result
  /** Lines that go with it. */
  readonly output: readonly string[]
}

type Result =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failure' | 'error'; readonly message: string; readonly text: string; readonly type: string }
  | { readonly kind: 'skipped'; readonly message: string }

function suiteOf(record: RunRecord) {
  const { heading, startedAt, ended } = record
  const shown = endsOf(record).flatMap((end) => casesOf(heading.plan, end))
  const cases = [...shown, ...runCases(record, shown)]
  const duration = ended?.duration ?? Number(timeOf(cases.map(({ time }) => time)))
  const { host, ...environment } = heading.environment
  const properties = [
    ...Object.entries({ run: heading.run, kind: heading.kind, title: heading.title }),
    ...Object.entries(heading.params).map(([name, value]) => [`param.${name}`, value] as const),
    ...Object.entries(environment).map(([name, value]) => [`environment.${name}`, String(value)] as const),
  ].map(([name, value]) => element('property', { name, value }))
  const attributes = {
    name: heading.plan,
    ...countsOf(cases),
    skipped: cases.filter(({ result }) => result.kind === 'skipped').length,
    time: timeOf([duration]),
    // The dialect's schemas know no zone; it is UTC.
    timestamp: startedAt.slice(0, 19),
    hostname: host,
  }
  return {
    cases,
    duration,
    xml: element('testsuite', attributes, [element('properties', {}, properties), ...cases.map(caseXml)]),
  }
}

function absentSuite({ plan, reason, at, host }: Absent) {
  const cases = [caseOf(plan, 'the run', 'error', reason, 'errored')]
  const attributes = {
    name: plan,
    ...countsOf(cases),
    skipped: 0,
    time: timeOf([0]),
    timestamp: at.slice(0, 19),
    hostname: host,
  }
  return {
    cases,
    duration: 0,
    xml: element('testsuite', attributes, [element('properties', {}), ...cases.map(caseXml)]),
  }
}

function casesOf(plan: string, end: StepEnd): readonly Case[] {
  const time = end.duration ?? 0
  const output = end.log === undefined ? [] : [`log, if it wrote any: ${end.log}`]
  if (end.findings.length > 0)
    return end.findings.map((finding, index) => ({
      name: finding.name,
      classname: `${plan}.${end.name}`,
      // The check was timed as a whole, and the cases of a suite are added up.
      time: index === 0 ? time : 0,
      result: resultOfFinding(finding),
      output: index === 0 ? output : [],
    }))
  return [
    {
      name: end.name,
      classname: plan,
      time,
      result: resultOf(end),
      output: [...end.metrics.map(metricLine), ...output],
    },
  ]
}

function resultOf({ outcome, reason = outcome, stack }: StepEnd): Result {
  if (outcome === 'passed') return { kind: 'passed' }
  if (outcome === 'skipped') return { kind: 'skipped', message: reason }
  return {
    kind: outcome === 'failed' ? 'failure' : 'error',
    message: reason,
    text: stack ?? reason,
    type: outcome,
  }
}

function resultOfFinding(finding: FindingRecord): Result {
  if (finding.verdict === 'pass') return { kind: 'passed' }
  const message = sentenceOf(finding)
  if (finding.verdict === 'undecided') return { kind: 'skipped', message: `undecided: ${message}` }
  const { expected, actual } = finding
  const values = Object.entries({ expected, found: actual }).filter(([, value]) => value !== undefined)
  const text = [message, ...values.map(([word, value]) => `${word}: ${JSON.stringify(value, null, 2)}`)].join('\n')
  return { kind: 'failure', message, text, type: 'failed' }
}

function metricLine({ name, unit, better, samples, low, high, verdict }: MetricRecord): string {
  const summary = summarize(samples)
  const bounds = [low !== undefined && `at least ${low}`, high !== undefined && `at most ${high}`].filter(Boolean)
  const reference = bounds.length > 0 ? `, reference ${bounds.join(' and ')} ${unit}` : ''
  return `${name}: median ${summary?.median} ${unit}, n ${samples.length}, ${better} is better${reference}: ${verdict}`
}

/** What is wrong with the run beside its steps. */
function runCases(record: RunRecord, shown: readonly Case[]): readonly Case[] {
  const { heading, services, ended } = record
  const errored = services
    .filter(({ state }) => state === 'errored')
    .map(({ name, reason = 'errored' }) => caseOf(heading.plan, name, 'error', reason, 'errored'))
  const outcome = outcomeOf(record)
  const told = [...shown, ...errored].some(({ result }) => result.kind === 'failure' || result.kind === 'error')
  if (told || ended?.exit === 0) return errored
  const reason = ended === undefined ? 'its journal has no end: it goes on or died' : (ended.reason ?? outcome)
  return [...errored, caseOf(heading.plan, 'the run', outcome === 'failed' ? 'failure' : 'error', reason, outcome)]
}

function caseOf(plan: string, name: string, kind: 'failure' | 'error', message: string, type: string): Case {
  return { name, classname: plan, time: 0, result: { kind, message, text: message, type }, output: [] }
}

function countsOf(cases: readonly Case[]) {
  const count = (kind: Result['kind']) => cases.filter(({ result }) => result.kind === kind).length
  return { tests: cases.length, failures: count('failure'), errors: count('error') }
}

function caseXml({ name, classname, time, result, output }: Case): string {
  const out = output.length > 0 ? [element('system-out', {}, output.join('\n'))] : []
  return element('testcase', { classname, name, time: timeOf([time]) }, [...resultXml(result), ...out])
}

function resultXml(result: Result): readonly string[] {
  switch (result.kind) {
    case 'passed':
      return []
    case 'skipped':
      return [element('skipped', { message: result.message })]
    default:
      return [element(result.kind, { message: result.message, type: result.type }, result.text)]
  }
}

/** A sum of seconds with microseconds and without an exponent, which schemas of the dialect do not take. */
function timeOf(seconds: readonly number[]): string {
  return seconds.reduce((sum, x) => sum + x, 0).toFixed(6)
}
