import type { Baseline, BaselineMetric } from '../record/baseline.ts'
import type { MetricRecord, Verdict } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'
import { decide, samplesNeeded, sureLevel } from '../stats/decide.ts'
import { type Estimate, ratioEstimate } from '../stats/estimate.ts'
import { quantile } from '../stats/quantile.ts'

/** One of two that are compared: a run, or the baseline that was made of one. */
export interface Compared {
  readonly plan: string
  readonly run: string
  readonly at: string
  readonly commit: string | undefined
  /** Undefined: nobody knows, as of runs of an older Assay. */
  readonly machine: string | undefined
  readonly params: Readonly<Record<string, string>>
  readonly metrics: readonly ComparedMetric[]
}

interface ComparedMetric extends BaselineMetric {
  /** As the run has it; a baseline keeps the samples alone. */
  readonly judged: MetricRecord | undefined
}

/** A metric of both, the second against the first. */
export interface Comparison {
  readonly step: string
  readonly metric: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  readonly first: number
  readonly second: number
  /** How many samples each has. */
  readonly n: readonly [number, number]
  /** The second over the first, with the interval that holds it nineteen times in twenty; undefined where that cannot be said. */
  readonly ratio: { readonly value: number; readonly low: number; readonly high: number } | undefined
  /** Whether the second is no worse than `factor` times the first; all of a comparison together are wrong at most once in a hundred. */
  readonly verdict: Extract<Verdict, 'pass' | 'fail' | 'undecided'>
  /** Why it is undecided. */
  readonly because: string | undefined
  /** Of the interval that the verdict asks for: the more metrics there are, the surer it must be of each. */
  readonly level: number
}

export function comparedRun({ heading, startedAt, steps }: RunRecord): Compared {
  const { plan, run, params, environment } = heading
  const metrics = steps.flatMap(({ name: step, ended }) =>
    (ended?.metrics ?? []).map((judged) => ({
      ...{ step, metric: judged.name, unit: judged.unit, samples: judged.samples, judged },
    })),
  )
  return { plan, run, at: startedAt, commit: environment.commit, machine: environment.machine, params, metrics }
}

export function comparedBaseline({ plan, run, at, commit, machine, params = {}, metrics }: Baseline): Compared {
  return { plan, run, at, commit, machine, params, metrics: metrics.map((one) => ({ ...one, judged: undefined })) }
}

/** Each metric that both have in the same unit, in the order of the second. `factor`: how many times worse the second may be. */
export function comparisonsOf(first: Compared, second: Compared, factor: number): readonly Comparison[] {
  const pairs = second.metrics.flatMap(({ step, metric, unit, samples, judged }) => {
    const before = first.metrics.find((one) => one.step === step && one.metric === metric && one.unit === unit)
    if (before === undefined || judged === undefined || samples.length * before.samples.length === 0) return []
    const { better, quantile: q = 0.5 } = judged
    return [
      {
        step,
        metric,
        unit,
        better,
        q,
        samples,
        before: before.samples,
        ratio: ratioEstimate(samples, before.samples, q),
      },
    ]
  })
  // Runs that are alike must seldom show a failure in any of their metrics, however many those are.
  const among = pairs.filter(({ ratio }) => ratio !== undefined).length
  return pairs.map(({ q, samples, before, ratio, ...names }) => ({
    ...names,
    first: quantile(before, q),
    second: quantile(samples, q),
    n: [before.length, samples.length] as const,
    ...judgement(ratio, names.better, factor, among),
    level: sureLevel(1, among),
  }))
}

/** What the ratio must be on the right side of. */
export function boundOf(better: Comparison['better'], factor: number): number {
  return better === 'lower' ? factor : 1 / factor
}

function judgement(
  estimate: Estimate | undefined,
  better: 'higher' | 'lower',
  factor: number,
  among: number,
): Pick<Comparison, 'ratio' | 'verdict' | 'because'> {
  if (estimate === undefined)
    return { ratio: undefined, verdict: 'undecided', because: 'a ratio needs samples above zero' }
  const bound = boundOf(better, factor)
  const right = better === 'lower' ? 'below' : 'above'
  const { decision, interval } = decide(estimate, { bound, touching: right, looks: 1, among })
  const ratio = interval && { value: estimate.value, ...interval }
  if (decision === right) return { ratio, verdict: 'pass', because: undefined }
  if (decision === 'above' || decision === 'below') return { ratio, verdict: 'fail', because: undefined }
  const needed = samplesNeeded(estimate, bound, among)
  const because =
    needed === undefined ? 'more samples of the second alone would not tell' : `about ${needed} samples would tell`
  return { ratio, verdict: 'undecided', because }
}

/** The names of the metrics that only one of both has, or that it has in another unit. */
export function onlyIn(one: Compared, other: Compared): readonly string[] {
  return one.metrics
    .filter(
      ({ step, metric, unit }) => !other.metrics.some((x) => x.step === step && x.metric === metric && x.unit === unit),
    )
    .map(({ step, metric }) => `${step}: ${metric}`)
}
