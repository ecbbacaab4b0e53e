import type { MetricRecord } from '../../record/event.ts'
import { concerns } from '../../stats/concerns.ts'
import { decide, levelText, relativeHalfWidth, samplesNeeded, sureLevel } from '../../stats/decide.ts'
import type { Estimate } from '../../stats/estimate.ts'
import { estimateOf, type Series } from './series.ts'
import type { Standing } from './standing.ts'

/** How sure a measure is to be of each metric. */
export interface Asked {
  /** Half of the interval over the value; undefined where the number of samples is fixed. */
  readonly precision: number | undefined
  /** At how many numbers of samples it may look whether it is. */
  readonly looks: number
}

/** How far a series is, at one look. */
export interface Progress {
  /** More samples would not tell more than was asked. */
  readonly enough: boolean
  /** Half of its interval over its value, so far; undefined where that can't be said. */
  readonly reached: number | undefined
}

export function progressOf(series: Series, standing: Standing, asked: Asked): Progress {
  const estimate = estimateOf(series)
  if (estimate === undefined) return { enough: false, reached: undefined }
  const { decision, interval } = decide(estimate, asked)
  const reached = interval && relativeHalfWidth(interval, estimate.value)
  // What is worked out of the others may be next to nothing, of which no share is small: it only counts where it is held against something.
  const tight = series.kind === 'derived' || decision === 'inside'
  const judged =
    standing.kind !== 'held' || (driftOf(standing) === undefined && sideOf(standing, asked).verdict !== 'undecided')
  return { enough: tight && judged, reached }
}

type Held = Extract<Standing, { readonly kind: 'held' }>

type Side =
  | { readonly verdict: 'pass' }
  | { readonly verdict: 'fail' | 'undecided' | 'marginal'; readonly bound: number }

/** The worst verdict of its bounds, and which bound that is. */
function sideOf({ estimate, low, high }: Held, asked: Asked): Side {
  const ask = (bound: number | undefined, right: 'above' | 'below'): readonly Side[] => {
    if (bound === undefined) return []
    const { decision } = decide(estimate, { ...asked, bound, touching: right })
    if (decision === right) return []
    return [{ bound, verdict: decision === 'inside' ? 'marginal' : decision === 'undecided' ? 'undecided' : 'fail' }]
  }
  const open = [...ask(low, 'above'), ...ask(high, 'below')]
  const worst = (['fail', 'undecided', 'marginal'] as const).flatMap((one) =>
    open.filter(({ verdict }) => verdict === one),
  )
  return worst[0] ?? { verdict: 'pass' }
}

/** What says that there is no one figure to judge. */
function driftOf({ steady }: Held): string | undefined {
  return concerns(steady).find(({ kind }) => kind === 'drift')?.text
}

/** What is recorded of a series once sampling is over. */
export function judge(series: Series, standing: Standing, asked: Asked, raw: string): MetricRecord {
  const { name, variant, samples, definition } = series
  const { unit, better, reference, quantile: q } = definition
  const estimate = estimateOf(series)
  const { interval, level } = estimate ? decide(estimate, asked) : { level: 0.95 }
  const bounds = reference?.kind === 'bound' ? reference : undefined
  const warnings = concerns(samples)
  return {
    ...{ name, unit, better, samples },
    ...(bounds?.low !== undefined && { low: bounds.low }),
    ...(bounds?.high !== undefined && { high: bounds.high }),
    ...(variant !== undefined && { variant }),
    ...(q !== undefined && { quantile: q }),
    ...(estimate !== undefined && { value: estimate.value }),
    ...(interval !== undefined && { interval: { ...interval, level } }),
    ...(standing.kind === 'held' && standing.against && { against: standing.against }),
    ...(standing.kind === 'held' && standing.against && ratioOf(standing.estimate, asked)),
    ...judgement(standing, asked, unit),
    ...(warnings.length > 0 && { warnings: warnings.map(({ kind, text }) => ({ kind, text })) }),
    raw,
  }
}

function ratioOf(estimate: Estimate, asked: Asked): Pick<MetricRecord, 'ratio'> {
  const { interval } = decide(estimate, asked)
  return interval === undefined ? {} : { ratio: { value: estimate.value, low: interval.low, high: interval.high } }
}

/** The verdict with its sentence, and how many samples it would have taken. */
function judgement(
  standing: Standing,
  asked: Asked,
  unit: string,
): Pick<MetricRecord, 'verdict' | 'because' | 'needed'> {
  if (standing.kind === 'recorded')
    return { verdict: 'recorded', ...(standing.because !== undefined && { because: standing.because }) }
  if (standing.kind === 'open') return { verdict: 'undecided', because: standing.because }
  const { estimate, low, high, against } = standing
  const drift = driftOf(standing)
  if (drift !== undefined) return { verdict: 'undecided', because: drift }
  const side = sideOf(standing, asked)
  const shown = (value: number) =>
    against
      ? `${round(value)} times ${against.kind === 'baseline' ? 'the baseline' : against.name}`
      : `${round(value)} ${unit}`
  // In the terms of the factor that the plan gives.
  const bounding = (bound: number) =>
    against?.kind === 'baseline' && bound === low && bound !== 1
      ? `1/${round(1 / bound)} times the baseline`
      : shown(bound)
  const within = [low !== undefined && `at least ${bounding(low)}`, high !== undefined && `at most ${bounding(high)}`]
  const rule = within.filter(Boolean).join(' and ')
  const count = `${estimate.n} sample${estimate.n === 1 ? '' : 's'}`
  const found = `${shown(estimate.value)}${betweenOf(estimate, asked)}, ${count}`
  switch (side.verdict) {
    case 'pass':
      return { verdict: 'pass', because: `${rule}: ${found}` }
    case 'fail':
      return { verdict: 'fail', because: `expected ${rule}, found ${found}` }
    case 'marginal':
      return { verdict: 'marginal', because: `as tight as asked, and ${shown(side.bound)} lies within: ${found}` }
    case 'undecided': {
      const needed = samplesNeeded(estimate, side.bound, asked.looks)
      const more = needed === undefined ? '' : `; about ${needed} would do`
      return {
        verdict: 'undecided',
        because: `too few samples to tell it from ${bounding(side.bound)}: ${shown(estimate.value)}${surelyBetween(estimate, asked)}, ${count}${more}`,
        ...(needed !== undefined && { needed }),
      }
    }
  }
}

function betweenOf(estimate: Estimate, asked: Asked): string {
  const { interval } = decide(estimate, asked)
  return interval === undefined ? '' : ` (${round(interval.low)} to ${round(interval.high)})`
}

/** The interval that the bound would have to lie outside of: the one that is shown may have it outside, and nothing is decided. */
function surelyBetween(estimate: Estimate, { looks }: Asked): string {
  const level = sureLevel(looks)
  const { low, high } = estimate.intervalAt(level)
  return Number.isFinite(high - low) ? ` (${round(low)} to ${round(high)} at ${levelText(level)})` : ''
}

/** Four significant digits. */
function round(value: number): string {
  return String(Number(value.toPrecision(4)))
}
