import { type Finding, undecided } from '../../lib/index.ts'
import { decide } from '../../lib/stats/decide.ts'
import { amountEstimate } from '../../lib/stats/estimate.ts'
import { type Peak, peakOf } from './peaks.ts'
import type { GpuClient } from './service.ts'

/** A figure that is published of cards. */
export type PeakFigure = 'bandwidth' | 'fp32' | 'f16'

const units: Readonly<Record<PeakFigure, string>> = { bandwidth: 'GB/s', fp32: 'TFLOP/s', f16: 'TFLOP/s' }

/**
 * Whether a metric's samples, in GB/s or TFLOP/s, reach a share of what is published of the card; by the interval of their median, so that
 * few samples, or samples that scatter, are undecided and not failed.
 *
 *     judgePeak('triad', rates, gpu.facts.name, 'bandwidth', 0.9)
 */
export function judgePeak(
  what: string,
  samples: readonly number[],
  adapter: string,
  figure: PeakFigure,
  share: number,
  peak: Peak | undefined = peakOf(adapter),
): Finding {
  const percent = `${plain(100 * share)} %`
  const published = peak?.[figure]
  if (peak === undefined || published === undefined) {
    const name = `${what} reaches ${percent} of the published peak`
    return undecided(name, `no peak of ${words[figure]} is known for ${peak?.name ?? adapter}`)
  }
  const unit = units[figure]
  const name = `${what} reaches ${percent} of ${plain(published)} ${unit}`
  const estimate = amountEstimate(samples)
  if (estimate === undefined) return undecided(name, 'there are no samples')
  const { decision, interval } = decide(estimate, { bound: share * published, touching: 'above', looks: 1 })
  const between = interval ? ` (${plain(interval.low)} to ${plain(interval.high)})` : ''
  const reached = `${plain((100 * estimate.value) / published)} %`
  const found = `found ${plain(estimate.value)} ${unit}${between}, ${reached} of what ${peak.source} has for ${peak.name}`
  switch (decision) {
    case 'above':
      return { name, verdict: 'pass' }
    case 'below':
      return { name, verdict: 'fail', reason: found }
    default:
      return undecided(name, `${found}: ${samples.length} samples do not tell`)
  }
}

/** For `skipUnless`: whether there is anything to hold a figure against. */
export function peakKnown(gpu: GpuClient, figure: PeakFigure): true | string {
  if (gpu.kind === 'absent') return gpu.sentence
  const { name, kind } = gpu.facts
  if (kind === 'software') return `no peak is published of the CPU as an adapter, ${name}`
  const peak = peakOf(name)
  return peak?.[figure] === undefined ? `no peak of ${words[figure]} is known for ${peak?.name ?? name}` : true
}

const words: Readonly<Record<PeakFigure, string>> = { bandwidth: 'memory bandwidth', fp32: 'fp32', f16: 'f16 matrices' }

/** Four significant digits. */
function plain(value: number): string {
  return String(Number(value.toPrecision(4)))
}
