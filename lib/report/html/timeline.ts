import { formatDuration } from '../format.ts'
import { oneLine } from '../text.ts'
import { mark } from './mark.ts'
import { type Html, html } from './markup.ts'
import { type Row, type Schedule, ticks } from './schedule.ts'

/** When each step ran and for how long; `anchors`: where on the page a step is told of. */
export function timeline({ rows, span, longest }: Schedule, anchors: ReadonlyMap<string, string>): Html | undefined {
  if (rows.every(({ bar }) => bar === undefined)) return undefined
  const waited = new Set(longest.length > 1 ? longest : [])
  const share = (seconds: number) => `${Math.round((seconds / span) * 10_000) / 100}%`
  const marks = ticks(span)
  const axis = marks.map(
    (at) => html`<span style="left:${share(at)}">${at === 0 ? '0' : formatDuration(at).replace('.0 ', ' ')}</span>`,
  )
  const grid = marks.map((at) => html`<i style="left:${share(at)}"></i>`)
  return html`<section aria-labelledby="timeline">
<h2 id="timeline">Timeline</h2>
${pathText(longest)}
<div class="axis" aria-hidden="true"><div class="track">${axis}</div></div>
<div class="lanes"><div class="grid" aria-hidden="true"><div class="track">${grid}</div></div>
<ol>${rows.map(lane)}</ol></div>
</section>`

  function lane(row: Row): Html {
    const name = oneLine(row.name)
    const anchor = anchors.get(row.name)
    const named = anchor === undefined ? html`${name}` : html`<a href="#${anchor}">${name}</a>`
    const title = name.length > longestWhole ? html` title="${name}"` : undefined
    const kind = row.kind === 'service' ? html` <small>service</small>` : undefined
    const on = waited.has(row) ? ' path' : ''
    const { bar } = row
    const words = row.reused ? 'reused' : bar ? formatDuration(bar.duration) : row.outcome
    const drawing =
      bar &&
      html`<span class="bar ${row.kind} ${row.outcome}${on}" style="left:${share(bar.start)};width:${share(bar.duration)}"></span>`
    const since =
      bar && html`<span class="unseen">, from ${formatDuration(bar.start)}${on && ', one of those in a row'}</span>`
    return html`<li><span class="name"${title}>${mark(row.outcome)} ${named}${kind}</span><span class="track" aria-hidden="true">${drawing}</span><span class="time">${words}${since}</span></li>
`
  }
}

/** Longer names may be cut where there is little room. */
const longestWhole = 30

function pathText(longest: readonly Row[]): Html | undefined {
  if (longest.length < 2) return undefined
  const total = longest.reduce((sum, { bar }) => sum + (bar?.duration ?? 0), 0)
  const shown = longest.length <= 8 ? longest : longest.slice(-8)
  const names = shown.map(({ name }) => oneLine(name)).join(' → ')
  const lead = shown.length < longest.length ? '… → ' : ''
  return html`<p class="note">The last step ended after <strong>${formatDuration(total)}</strong> of work in a row, <span class="key" aria-hidden="true"></span> outlined: ${lead}${names}</p>`
}
