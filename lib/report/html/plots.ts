import type { MetricHistory } from '../../record/metric-history.ts'
import type { Interval } from '../../stats/interval.ts'
import { formatNumber } from '../format.ts'
import { axisOf } from './families.ts'
import { drawn, type Html } from './markup.ts'

/** The samples of one metric on an axis of values. Every colour is a class or variable of the page's style. */
export interface StripInput {
  /** In the order they were taken; drawn from top to bottom. */
  readonly samples: readonly number[]
  readonly value: number
  readonly interval: Interval | undefined
  readonly references: readonly number[]
  /** Of the axis. */
  readonly domain: Interval
  /** Draws the axis too. */
  readonly axis: boolean
}

/** A metric over the runs of its plan, the oldest first. */
export interface TrendInput {
  readonly points: readonly MetricHistory[]
  /** The indices of points at which the level changed. */
  readonly moves: readonly number[]
  readonly band: Interval | undefined
  readonly references: readonly number[]
}

export interface Plots {
  strip(input: StripInput): Html
  trend(input: TrendInput): Html
}

/**
 * What draws plots as SVG. Numbers and times are all that goes in, so that no text of a run can come out. It loads the library, which
 * takes some 150 ms: call it only where there is something to draw.
 */
export async function loadPlots(): Promise<Plots> {
  const [Plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')])
  const { document } = parseHTML('<!doctype html><body></body>')
  const common = { document, className: 'plot', style: { fontFamily: 'inherit', fontSize: '11px' } }

  /** The library's own style is left out, as the page has it once; coordinates are rounded to a tenth of a pixel. */
  function svgOf(plot: { querySelector(selector: string): { remove(): void } | null; outerHTML: string }): Html {
    plot.querySelector('style')?.remove()
    const rounded = (value: string) =>
      value.replace(/-?\d+\.\d{2,}(?![\de])/g, (number) => String(Math.round(Number(number) * 10) / 10))
    return drawn(plot.outerHTML.replace(/="[^"]*"/g, rounded))
  }

  return {
    strip({ samples, value, interval, references, domain, axis }) {
      const dots = samples.map((x, index) => ({ x, y: (index + 0.5) / samples.length }))
      const [before, after] = [references.filter((x) => x < domain.low), references.filter((x) => x > domain.high)]
      const inside = references.filter((x) => x >= domain.low && x <= domain.high)
      const away = { y: 0.5, fill: 'var(--reference)', fontSize: 13 }
      const plot = Plot.plot({
        ...common,
        width: 340,
        height: axis ? 64 : 42,
        marginTop: 2,
        marginBottom: axis ? 24 : 2,
        marginLeft: 8,
        marginRight: 8,
        x: {
          domain: [domain.low, domain.high],
          axis: axis ? 'bottom' : null,
          ticks: 4,
          tickFormat: formatNumber,
          label: null,
          tickSize: 4,
        },
        y: { domain: [1.5, 0], axis: null },
        marks: [
          Plot.ruleY([guide], { stroke: 'var(--line)' }),
          Plot.ruleX(inside, { stroke: 'var(--reference)', strokeWidth: 1.5, strokeDasharray: '4 3' }),
          Plot.text(before.slice(0, 1), { ...away, text: () => '◂', frameAnchor: 'left', textAnchor: 'end' }),
          Plot.text(after.slice(0, 1), { ...away, text: () => '▸', frameAnchor: 'right', textAnchor: 'start' }),
          Plot.dot(dots, { x: 'x', y: 'y', r: samples.length > 60 ? 1.4 : 2, fill: 'var(--dot)', fillOpacity: 0.65 }),
          ...(interval === undefined
            ? []
            : [Plot.ruleY([interval], { y: guide, x1: 'low', x2: 'high', stroke: 'var(--ink)', strokeWidth: 3.5 })]),
          Plot.ruleX([value], { y1: guide - 0.16, y2: guide + 0.16, stroke: 'var(--ink)', strokeWidth: 2 }),
        ],
      })
      return svgOf(plot)
    },
    trend({ points, moves, band, references }) {
      const runs = points.map((point, index) => ({ ...point, index }))
      const drawn = points.flatMap(({ value, low = value, high = value }) => [low, value, high])
      const held = band === undefined ? [] : [band.low, band.high]
      const axis = axisOf(drawn, [...references, ...held])
      const inside = references.filter((x) => axis !== undefined && x >= axis.low && x <= axis.high)
      const plot = Plot.plot({
        ...common,
        width: 460,
        height: 130,
        marginTop: 8,
        marginBottom: 22,
        marginLeft: 56,
        marginRight: 10,
        x: { domain: [-0.5, Math.max(runs.length - 0.5, 1)], axis: null },
        y: {
          ...(axis && { domain: [axis.low, axis.high] }),
          clamp: true,
          label: null,
          ticks: 4,
          tickFormat: formatNumber,
          tickSize: 3,
        },
        marks: [
          ...(band === undefined ? [] : [Plot.rect([band], { y1: 'low', y2: 'high', fill: 'var(--band)' })]),
          Plot.ruleY(inside, { stroke: 'var(--reference)', strokeWidth: 1.5, strokeDasharray: '4 3' }),
          Plot.ruleX(moves, { x: (index: number) => index - 0.5, stroke: 'var(--open)', strokeDasharray: '2 2' }),
          Plot.ruleX(runs, { x: 'index', y1: 'low', y2: 'high', stroke: 'var(--dot)', strokeOpacity: 0.55 }),
          Plot.line(runs, { x: 'index', y: 'value', stroke: 'var(--dot)', strokeOpacity: 0.5 }),
          Plot.dot(runs, { x: 'index', y: 'value', r: 2, fill: 'var(--dot)' }),
          Plot.dot(runs.slice(-1), { x: 'index', y: 'value', r: 4, fill: 'var(--ink)' }),
        ],
      })
      return svgOf(plot)
    },
  }
}

/** Where the value and its interval are, below the samples, which take 0 to 1. */
const guide = 1.3
