import * as v from 'valibot'
import type { StepContext } from '../plan/context.ts'
import type { MeasureNode, StepNode, WorkNode } from '../plan/graph.ts'
import type { Json } from '../plan/json.ts'
import { nameOf } from '../plan/measure.ts'
import { cannot, messageOf, Problem } from '../plan/problem.ts'
import {
  type FindingRecord,
  findingRecord,
  metricRecord,
  type Outcome,
  type StepEnded,
  samplingRecord,
} from '../record/event.ts'
import type { Attempted } from './attempt.ts'
import type { Bench } from './bench.ts'
import { measure } from './measure/measure.ts'
import { byVariant } from './measure/series.ts'

/** The part of a step's end that its function decides, and what its handle hands on. */
export interface Performed {
  readonly ended: Pick<StepEnded, 'outcome' | 'reason' | 'stack' | 'output' | 'findings' | 'metrics' | 'sampling'>
  readonly handedOn: unknown
}

type Inputs = Readonly<Record<string, unknown>>

/** What one attempt calls. */
export function workOf(node: WorkNode, inputs: Inputs, bench: Bench): (context: StepContext) => unknown {
  return node.kind === 'measure'
    ? (context) => measure(node, inputs, context, bench)
    : (context) => node.run(inputs, context)
}

/** Turns what the function returned or threw into what is recorded and handed on. */
export function performed(node: WorkNode, attempted: Attempted): Performed {
  if (attempted.kind !== 'returned') return notPassed(attempted.kind, attempted.reason, attempted.error)
  try {
    switch (node.kind) {
      case 'step':
        return stepPerformed(node, attempted.value)
      case 'check':
        return checkPerformed(attempted.value)
      case 'measure':
        return measurePerformed(node, attempted.value)
    }
  } catch (error) {
    return notPassed('errored', messageOf(error), error)
  }
}

/** Hands on what a recorded output stands for; throws a Problem when the schema no longer takes it. */
export function handOn(node: StepNode, output: Json | undefined): unknown {
  const parsed = v.safeParse(node.output, output)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw cannot(
    `hand on '${node.name}'`,
    v.getDotPath(issue) ?? 'output',
    'what its schema says',
    issue.input,
    issue.message,
  )
}

function notPassed(outcome: Exclude<Outcome, 'passed'>, reason: string, error: unknown): Performed {
  // A person's mistake is told by its sentence; anything else needs to be found in the code.
  const stack = error instanceof Error && !(error instanceof Problem) ? error.stack : undefined
  return { ended: { outcome, reason, ...(stack !== undefined && { stack }) }, handedOn: undefined }
}

function stepPerformed(node: StepNode, value: unknown): Performed {
  // Through JSON and the schema even when fresh, so that a fresh run and a resumed one cannot differ.
  const text = JSON.stringify(value)
  const output: Json | undefined = text === undefined ? undefined : JSON.parse(text)
  return { ended: { outcome: 'passed', ...(output !== undefined && { output }) }, handedOn: handOn(node, output) }
}

const findingsSchema = v.pipe(v.array(findingRecord), v.minLength(1, 'at least one finding'))

function checkPerformed(value: unknown): Performed {
  const parsed = v.safeParse(findingsSchema, JSON.parse(JSON.stringify(value ?? null)))
  if (!parsed.success)
    throw cannot('judge', 'what the check returned', 'a list of at least one finding', parsed.issues[0].input)
  const findings = parsed.output
  const failed = findings.filter((finding) => finding.verdict === 'fail')
  return {
    ended:
      failed.length === 0
        ? { outcome: 'passed', findings }
        : { outcome: 'failed', findings, reason: failed.map(sentenceOf).join('; ') },
    handedOn: null,
  }
}

/** `objects: expected 12, found 11`. */
export function sentenceOf(finding: FindingRecord): string {
  if (finding.verdict === 'pass') return finding.name
  if (finding.verdict === 'undecided' || finding.reason !== undefined) return `${finding.name}: ${finding.reason}`
  return `${finding.name}: expected ${shorten(finding.expected)}, found ${shorten(finding.actual)}`
}

function shorten(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

const measuredSchema = v.object({ metrics: v.array(metricRecord), sampling: samplingRecord })

function measurePerformed(node: MeasureNode, value: unknown): Performed {
  const { metrics, sampling } = v.parse(measuredSchema, value)
  const samples = new Map(metrics.map((metric) => [metric.name, metric.samples]))
  const handedOn = Object.fromEntries([
    ...Object.keys(node.metrics).map((name) => [
      name,
      byVariant(node, (variant) => samples.get(nameOf(name, variant))),
    ]),
    ...Object.keys(node.derived).map((name) => [name, samples.get(name)]),
  ])
  const failed = metrics.filter((metric) => metric.verdict === 'fail')
  const kept = { output: handedOn, metrics, sampling }
  const reason = failed.map(({ name, because }) => `${name}: ${because}`).join('; ')
  return {
    ended: failed.length === 0 ? { outcome: 'passed', ...kept } : { outcome: 'failed', ...kept, reason },
    handedOn,
  }
}
