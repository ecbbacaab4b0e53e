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
  readonly history: readonly MetricHistory[]
  /** The indices of the runs at which the level changed. */
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

  // Each mark costs time, also of no data.
  const markOf = <D, M>(data: readonly D[], mark: (data: D[]) => M): M[] => (data.length === 0 ? [] : [mark([...data])])
  const dashed = { stroke: 'var(--reference)', strokeWidth: 1.5, strokeDasharray: '4 3' }

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
          markOf(inside, (at) => Plot.ruleX(at, dashed)),
          markOf(before.slice(0, 1), (at) =>
            Plot.text(at, { ...away, text: () => '◂', frameAnchor: 'left', textAnchor: 'end' }),
          ),
          markOf(after.slice(0, 1), (at) =>
            Plot.text(at, { ...away, text: () => '▸', frameAnchor: 'right', textAnchor: 'start' }),
          ),
          Plot.line(dots, { x: 'x', y: 'y', curve: points, ...dotted, strokeWidth: samples.length > 60 ? 2.8 : 4 }),
          markOf(interval === undefined ? [] : [interval], (one) =>
            Plot.ruleY(one, { y: guide, x1: 'low', x2: 'high', stroke: 'var(--ink)', strokeWidth: 3.5 }),
          ),
          Plot.ruleX([value], { y1: guide - 0.16, y2: guide + 0.16, stroke: 'var(--ink)', strokeWidth: 2 }),
        ],
      })
      return svgOf(plot)
    },
    trend({ history, moves, band, references }) {
      const runs = history.map((point, index) => ({ ...point, index }))
      const drawn = history.flatMap(({ value, low = value, high = value }) => [low, value, high])
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
          tickSize: 0,
        },
        marks: [
          markOf(band === undefined ? [] : [band], (one) =>
            Plot.rect(one, { y1: 'low', y2: 'high', fill: 'var(--band)' }),
          ),
          markOf(inside, (at) => Plot.ruleY(at, dashed)),
          markOf(moves, (at) =>
            Plot.ruleX(at, { x: (index: number) => index - 0.5, stroke: 'var(--open)', strokeDasharray: '2 2' }),
          ),
          Plot.ruleX(runs, { x: 'index', y1: 'low', y2: 'high', stroke: 'var(--dot)', strokeOpacity: 0.55 }),
          Plot.line(runs, { x: 'index', y: 'value', stroke: 'var(--dot)', strokeOpacity: 0.5 }),
          Plot.line(runs, { x: 'index', y: 'value', curve: points, ...dotted, strokeWidth: 4 }),
          Plot.dot(runs.slice(-1), { x: 'index', y: 'value', r: 4, fill: 'var(--ink)' }),
        ],
      })
      return svgOf(plot)
    },
  }
}

const dotted = { stroke: 'var(--dot)', strokeOpacity: 0.65, strokeLinecap: 'round' } as const

/** A line that is interrupted at each of its points: dots that are one element together, which takes a fraction of the room and time. */
function points(context: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void }) {
  return {
    lineStart() {},
    lineEnd() {},
    areaStart() {},
    areaEnd() {},
    point(x: number, y: number) {
      context.moveTo(x, y)
      context.lineTo(x, y)
    },
  }
}

/** Where the value and its interval are, below the samples, which take 0 to 1. */
const guide = 1.3
