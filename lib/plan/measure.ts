import { parseDuration } from './duration.ts'
import type { MeasureNode, Node, SamplingRule } from './graph.ts'
import type { Metric, Metrics, RatioReference } from './metric.ts'
import { cannot, type Problem } from './problem.ts'
import type { SampleRule } from './step.ts'

/** What of a measure's options its node keeps. */
export type MeasurePart = Pick<MeasureNode, 'metrics' | 'variants' | 'derived' | 'rule' | 'warmup' | 'seed'>

/** Throws a Problem for a measure that could not be carried out. */
export function checkMeasure(plan: string, measure: MeasureNode, nodes: readonly Node[]): void {
  const refuse = refuser(plan, measure.name)
  const { metrics, derived, variants } = measure
  for (const [name, metric] of Object.entries({ ...metrics, ...derived })) {
    // Steps have rows of these names in their results.
    if (name === 'duration' || name === 'retries')
      throw refuse('metrics', "named other than 'duration' and 'retries'", name)
    if (metric.quantile !== undefined && !(metric.quantile > 0 && metric.quantile < 1))
      throw refuse(`metrics.${name}.quantile`, 'between 0 and 1', metric.quantile)
    checkReference(name, metric)
  }
  for (const name of Object.keys(derived))
    if (name in metrics) throw refuse('derived', 'named unlike every metric', name)
  for (const [index, variant] of variants.entries())
    if (variant.trim() === '' || /[\p{Cc}[\]]/u.test(variant) || variants.indexOf(variant) < index)
      throw refuse('variants', 'words unlike each other, without brackets', variant)

  function checkReference(name: string, { unit, reference }: Metric): void {
    // It doesn't compile, but nobody has to compile a plan before it runs.
    if (reference?.kind === 'bound' && reference.unit !== unit)
      throw refuse(`metrics.${name}`, `held against a bound in ${unit}`, reference.unit)
    if (reference?.kind === 'baseline' && !(reference.factor > 0 && Number.isFinite(reference.factor)))
      throw refuse(`metrics.${name}`, 'held against a factor above 0', reference.factor)
    if (reference?.kind !== 'ratio') return
    const own = variants.length > 0 && name in metrics ? variants : [undefined]
    let itself = 0
    for (const variant of own) {
      const other = otherOf(measure, reference, variant, nodes)
      if (other === undefined)
        throw refuse(
          `metrics.${name}`,
          `so many times one of ${othersOf(measure, nodes).join(', ') || 'its other metrics, of which there are none'}`,
          reference.of,
        )
      if (other.unit !== unit)
        throw refuse(`metrics.${name}`, `so many times a metric in ${unit}`, `${reference.of} in ${other.unit}`)
      if (other.need === undefined && other.metric === name && other.variant === variant) itself += 1
    }
    if (itself === own.length) throw refuse(`metrics.${name}`, 'so many times another metric', reference.of)
  }
}

/** The metric that a ratio is to: of this measure, or of the need of that name. */
export interface Other {
  readonly need: string | undefined
  readonly metric: string
  readonly variant: string | undefined
  readonly unit: string
}

/** What `reference` names, asked for one variant of `measure`; undefined where there is nothing of that name. */
export function otherOf(
  measure: MeasureNode,
  reference: RatioReference,
  variant: string | undefined,
  nodes: readonly Node[],
): Other | undefined {
  const same = variant === undefined ? undefined : `${reference.of}[${variant}]`
  const all = namedOf(measure, nodes)
  return all.get(reference.of) ?? (same === undefined ? undefined : all.get(same))
}

function othersOf(measure: MeasureNode, nodes: readonly Node[]): readonly string[] {
  return [...namedOf(measure, nodes).keys()]
}

/** Every metric that can be named, so that nothing has to be read out of a name. */
function namedOf(measure: MeasureNode, nodes: readonly Node[]): ReadonlyMap<string, Other> {
  const all = new Map<string, Other>()
  const add = (need: string | undefined, { metrics, derived, variants }: MeasureNode) => {
    const lead = need === undefined ? '' : `${need}.`
    for (const [metric, { unit }] of Object.entries(metrics))
      for (const variant of variants.length > 0 ? variants : [undefined])
        all.set(lead + nameOf(metric, variant), { need, metric, variant, unit })
    for (const [metric, { unit }] of Object.entries(derived))
      all.set(lead + metric, { need, metric, variant: undefined, unit })
  }
  add(undefined, measure)
  for (const [need, index] of Object.entries(measure.needs)) {
    const node = typeof index === 'number' ? nodes[index] : undefined
    if (node?.kind === 'measure') add(need, node)
  }
  return all
}

/** What a metric of a variant is called in records and views: `time[5]`. */
export function nameOf(metric: string, variant: string | undefined): string {
  return variant === undefined ? metric : `${metric}[${variant}]`
}

/** The options of a measure as its node has them, defaults filled in. */
export function measurePart(
  plan: string,
  name: string,
  options: SampleRule &
    Partial<Pick<MeasureNode, 'variants' | 'derived' | 'warmup' | 'seed'>> & { readonly metrics: Metrics },
  budget: Parameters<typeof parseDuration>[0] | undefined,
): MeasurePart {
  const refuse = refuser(plan, name)
  const { metrics, variants = [], derived = {}, warmup = 'steady', seed } = options
  if (warmup !== 'steady') whole('warmup', warmup, 0)
  return { metrics, variants, derived, warmup, seed, rule: ruleOf() }

  function ruleOf(): SamplingRule {
    const milliseconds = budget === undefined ? undefined : parseDuration(budget, 'budget')
    if (milliseconds === 0) throw refuse('budget', 'more than no time', String(budget))
    if (options.samples !== undefined)
      return { kind: 'fixed', samples: whole('samples', options.samples, 1), budget: milliseconds }
    const { minSamples = 10, maxSamples = Math.max(1000, minSamples), precision = 0.02 } = options
    if (!(precision > 0)) throw refuse('precision', 'a share above 0', precision)
    return {
      kind: 'until sure',
      least: whole('minSamples', minSamples, 1),
      most: whole('maxSamples', maxSamples, minSamples),
      precision,
      budget: milliseconds ?? 30_000,
    }
  }

  function whole(what: string, value: number, least: number): number {
    if (Number.isInteger(value) && value >= least) return value
    throw refuse(what, `a whole number of at least ${least}`, value)
  }
}

function refuser(plan: string, measure: string) {
  return (what: string, rule: string, value: unknown): Problem =>
    cannot(`build plan ${plan}`, what, rule, value, `See '${measure}'.`)
}
