import type { Environment, MetricRecord } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'
import { smallestChange } from '../stats/smallest-change.ts'
import { commandOf } from './commands.ts'
import { endedSteps } from './ends.ts'
import { oneLine } from './text.ts'

/**
 * The smallest change that a run's measures could have seen, in one line: of the metric that saw best, and of the one that saw worst.
 * Undefined for a run that measured nothing.
 *
 *     smallest change this run could have seen: 1.2 % (rate[5]) to 8.4 % (p99)
 */
export function smallestChangeText(record: RunRecord): string | undefined {
  const measures = endedSteps(record).filter(({ ended }) => (ended.metrics ?? []).length > 0)
  if (measures.length === 0) return undefined
  const { detectable } = record.heading.environment
  const seen = measures
    .flatMap(({ name: step, ended }) =>
      (ended.metrics ?? []).map((metric) => ({
        name: oneLine(measures.length > 1 ? `${step}: ${metric.name}` : metric.name),
        change: changeOf(metric, detectable),
      })),
    )
    .filter(({ change }) => change < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.change - b.change)
  const [best, worst] = [seen.at(0), seen.at(-1)]
  const said =
    best === undefined || worst === undefined
      ? 'not to be said from so few samples'
      : best === worst
        ? percent(best.change)
        : `${percent(best.change)} (${best.name}) to ${percent(worst.change)} (${worst.name})`
  const unknown = detectable === undefined ? `; noise floor not measured: ${commandOf(record)} noise` : ''
  return `smallest change this run could have seen: ${said}${unknown}`
}

/** Of one metric, by its own samples, and never below what so many samples of a work that is always the same show on that machine. */
export function changeOf({ samples, unit, quantile }: MetricRecord, detectable: Environment['detectable']): number {
  const own = smallestChange(samples, 0.95, quantile) ?? Number.POSITIVE_INFINITY
  // The noise floor is one of times: of bytes that are counted it says nothing.
  if (detectable === undefined || !/^(?:ns|µs|ms|s|min|h)$|\/(?:s|min|h)$/.test(unit)) return own
  const floor = detectable.findLast(({ n }) => n <= samples.length) ?? detectable[0]
  return Math.max(own, floor?.change ?? 0)
}

/** `1.8 %`, `0.04 %`: two significant digits; beyond tenfold no number helps. */
export function percent(share: number): string {
  if (share > 10) return 'more than tenfold'
  return `${Number((share * 100).toPrecision(2))} %`
}
