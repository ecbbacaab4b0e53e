import * as v from 'valibot'
import type { StepContext } from '../plan/context.ts'
import type { MeasureNode, StepNode, WorkNode } from '../plan/graph.ts'
import type { Json } from '../plan/json.ts'
import { nameOf } from '../plan/measure.ts'
import { cannot, messageOf, Problem } from '../plan/problem.ts'
import {
  type FindingRecord,
  findingRecord,
  type MetricRecord,
  metricRecord,
  type Outcome,
  type StepEnded,
} from '../record/event.ts'
import { verdictOf } from '../stats/verdict.ts'
import type { Attempted } from './attempt.ts'

/** The part of a step's end that its function decides, and what its handle hands on. */
export interface Performed {
  readonly ended: Pick<StepEnded, 'outcome' | 'reason' | 'stack' | 'output' | 'findings' | 'metrics'>
  readonly handedOn: unknown
}

type Inputs = Readonly<Record<string, unknown>>

/** What one attempt calls. */
export function workOf(node: WorkNode, inputs: Inputs): (context: StepContext) => unknown {
  return node.kind === 'measure' ? (context) => sample(node, inputs, context) : (context) => node.run(inputs, context)
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

const metricsSchema = v.array(metricRecord)
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

async function sample(node: MeasureNode, inputs: Inputs, context: StepContext): Promise<readonly MetricRecord[]> {
  const variants = node.variants.length > 0 ? node.variants : [undefined]
  const metrics = variants.flatMap((variant) =>
    Object.entries(node.metrics).map(([metric, { unit, better, reference }]) => {
      const samples: number[] = []
      const bounds = reference?.kind === 'bound' ? reference : undefined
      return {
        name: nameOf(metric, variant),
        metric,
        variant,
        unit,
        better,
        samples,
        low: bounds?.low,
        high: bounds?.high,
      }
    }),
  )
  const counted = node.rule.kind === 'fixed' ? node.rule.samples : node.rule.least
  const warmup = node.warmup === 'steady' ? 1 : node.warmup
  for (let index = 0; index < warmup + counted; index++) {
    context.progress(index < warmup ? 'warm-up' : `sample ${index - warmup + 1} of ${counted}`)
    for (const variant of variants) {
      context.signal.throwIfAborted()
      const round = Math.max(0, index - warmup + 1)
      const taken = await node.run(inputs, Object.assign(Object.create(context), { variant, round, time }))
      if (round === 0) continue
      for (const metric of metrics)
        if (metric.variant === variant) metric.samples.push(sampleValue(metric, taken[metric.metric]))
    }
  }
  return metrics.map(({ low, high, metric, variant, ...rest }) => ({
    ...rest,
    ...(variant !== undefined && { variant }),
    ...(low !== undefined && { low }),
    ...(high !== undefined && { high }),
    verdict: verdictOf(rest.samples, low, high),
  }))
}

async function time<T>(operation: () => T) {
  const start = performance.now()
  const value = await operation()
  return { seconds: (performance.now() - start) / 1000, value }
}

function sampleValue(
  metric: { name: string; unit: string },
  taken: { value: number; unit: string } | undefined,
): number {
  if (taken?.unit !== metric.unit || !Number.isFinite(taken.value))
    throw cannot('record a sample', metric.name, `a finite number of ${metric.unit}`, taken ?? 'nothing')
  return taken.value
}

function measurePerformed(node: MeasureNode, value: unknown): Performed {
  const metrics = v.parse(metricsSchema, value)
  const failed = metrics.filter((metric) => metric.verdict === 'fail')
  const samples = new Map(metrics.map((metric) => [metric.name, metric.samples]))
  const handedOn = Object.fromEntries(
    Object.keys(node.metrics).map((name) => [name, byVariant(node, (variant) => samples.get(nameOf(name, variant)))]),
  )
  return {
    ended:
      failed.length === 0
        ? { outcome: 'passed', output: handedOn, metrics }
        : {
            outcome: 'failed',
            output: handedOn,
            metrics,
            reason: failed.map((metric) => outOfBounds(metric)).join('; '),
          },
    handedOn,
  }
}

function byVariant<T>({ variants }: MeasureNode, of: (variant: string | undefined) => T) {
  if (variants.length === 0) return of(undefined)
  return Object.fromEntries(variants.map((variant) => [variant, of(variant)]))
}

function outOfBounds({ name, unit, samples, low, high }: MetricRecord): string {
  const bounds = [low !== undefined && `at least ${low}`, high !== undefined && `at most ${high}`].filter(Boolean)
  return `${name}: expected ${bounds.join(' and ')} ${unit}, found ${Math.min(...samples)} to ${Math.max(...samples)} in ${samples.length} samples`
}
