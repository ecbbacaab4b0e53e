import type { Json } from '../../plan/json.ts'
import type { FindingRecord } from '../../record/event.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { endedSteps } from '../ends.ts'
import { formatBytes, formatDuration, several } from '../format.ts'
import { linesOf, oneLine } from '../text.ts'
import { type Beside, fileLink } from './beside.ts'
import { badge, mark } from './mark.ts'
import { type Html, html } from './markup.ts'

/** A selected step as it ended. */
export type Ended = ReturnType<typeof endedSteps>[number]

/** What a page knows of a step beside its end. */
export interface Around {
  readonly beside: Beside
  /** By step: why each attempt but the last did not pass. */
  readonly repeats: ReadonlyMap<string, readonly string[]>
  /** By step: the name of its place on the page. */
  readonly anchors: ReadonlyMap<string, string>
}

export function anchorsOf(record: RunRecord): ReadonlyMap<string, string> {
  return new Map(endedSteps(record).map(({ name }, index) => [name, `step-${index + 1}`]))
}

/** Everything on one step, behind its line; open where it did not pass. */
export function entry(step: Ended, around: Around): Html {
  const { name, ended } = step
  const open = ended.outcome === 'passed' || ended.outcome === 'skipped' ? undefined : html` open`
  const words = wordsOf(step)
  const time = ended.reused ? 'reused' : ended.attempts === 0 ? '' : formatDuration(ended.duration)
  return html`<details class="step" id="${around.anchors.get(name) ?? ''}"${open}><summary>${mark(ended.outcome)} <span><span class="name">${oneLine(name)}</span> <span class="words">${words}</span></span> <span class="time">${time}</span></summary>
<div class="inside">${insideOf(step, around)}</div></details>
`
}

function wordsOf({ kind, ended }: Ended): string {
  const { findings, attempts, outcome, reason = '' } = ended
  if (outcome === 'skipped') return `skipped ${oneLine(reason)}`
  const count = (verdict: FindingRecord['verdict']) =>
    (findings ?? []).filter((finding) => finding.verdict === verdict).length
  const [wrong, open] = [count('fail'), count('undecided')]
  const judged = findings
    ? [`${several(findings.length, 'check')}`, wrong > 0 && `${wrong} failed`, open > 0 && `${open} undecided`]
    : [kind === 'step' ? '' : kind]
  return [...judged, attempts > 1 && `attempt ${attempts}`, outcome !== 'passed' && findings === undefined && outcome]
    .filter(Boolean)
    .join(' · ')
}

/** What is told of any step, measures included: why it ended so, what it left, what it was made from. */
export function insideOf(step: Ended, { beside, repeats, anchors }: Around): Html {
  const { name, needs, because, ended } = step
  const artifacts = beside.artifacts.get(name)
  const log = beside.logs.get(name)
  const hidden = repeats.get(name) ?? []
  const links = needs.map((need, index) => {
    const anchor = anchors.get(need)
    const named = anchor === undefined ? html`${oneLine(need)}` : html`<a href="#${anchor}">${oneLine(need)}</a>`
    return html`${index > 0 ? ', ' : ''}${named}`
  })
  const why = ended.because ?? because
  return html`${reasonOf(step)}${ended.findings && findingsTable(ended.findings, name)}
${hidden.length === 0 ? undefined : html`<p class="label">What was repeated</p><ul class="plain">${hidden.map((reason) => html`<li>${oneLine(reason)}</li>`)}</ul>`}
${outputOf(step, anchors.size)}
${log === undefined ? undefined : html`<p class="label">Log</p>${log.before > 0 ? html`<p class="note">${several(log.before, 'line')} before these: ${fileLink(beside, 'log.txt', 'log.txt')}</p>` : undefined}${block(log.lines.join('\n'), `log of ${oneLine(name)}`)}`}
${artifacts === undefined ? undefined : artifactList(artifacts, beside)}
<p class="note">${why === undefined || hidden.length > 0 ? undefined : html`It ran because ${oneLine(why)}. `}${links.length === 0 ? 'It needs nothing.' : html`It needs ${links}.`}</p>`
}

function reasonOf({ name, kind, ended }: Ended): Html | undefined {
  const { outcome, reason, stack } = ended
  if (outcome === 'passed' || outcome === 'skipped' || reason === undefined || (kind === 'check' && ended.findings))
    return undefined
  const [first = '', ...said] = linesOf(reason)
  const frames = linesOf(stack ?? '')
    .filter((line) => /^\s*at /.test(line))
    .slice(0, mostFrames)
  return html`<p class="reason">${badge(outcome)} ${first}</p>${said.length + frames.length === 0 ? undefined : block([...said, ...frames].join('\n'), `what ${oneLine(name)} said`)}`
}

const mostFrames = 8
const mostFindings = 200

function findingsTable(findings: readonly FindingRecord[], of: string): Html {
  // What is wrong first; the rest in the order it was judged.
  const rank = { fail: 0, undecided: 1, pass: 2 }
  const shown = findings.toSorted((a, b) => rank[a.verdict] - rank[b.verdict]).slice(0, mostFindings)
  const more = findings.length - shown.length
  const valued = shown.some(({ expected, actual }) => expected !== undefined || actual !== undefined)
  const heads = valued ? html`<th scope="col">expected</th><th scope="col">found</th>` : undefined
  return html`<div class="wide" role="region" aria-label="findings of ${oneLine(of)}" tabindex="0"><table class="findings"><thead><tr><th scope="col">verdict</th><th scope="col">check</th>${heads}</tr></thead><tbody>${shown.map(row)}</tbody></table></div>
${more > 0 ? html`<p class="note">… and ${more} more in the journal</p>` : undefined}`

  function row({ name, verdict, reason, expected, actual }: FindingRecord): Html {
    const why = reason === undefined ? undefined : html`<small>${oneLine(reason)}</small>`
    const values = valued ? html`<td>${valueText(expected)}</td><td>${valueText(actual)}</td>` : undefined
    return html`<tr><td>${badge(verdict)}</td><td>${oneLine(name)}${why}</td>${values}</tr>`
  }
}

const longestValue = 600

function valueText(value: Json | undefined): Html | undefined {
  if (value === undefined) return undefined
  const line = JSON.stringify(value)
  const text = line.length > 80 ? JSON.stringify(value, null, 1) : line
  return html`<code>${shortened(text, longestValue)}</code>`
}

/** Of all outputs together, in characters, so that a page stays small. */
const mostPut = 60_000
const longestOutput = 1500

function outputOf({ name, kind, ended: { output } }: Ended, steps: number): Html | undefined {
  // What a measure hands on are its samples, and a check hands on nothing.
  if (output === undefined || kind !== 'step') return undefined
  return html`<p class="label">Output</p>${block(shortened(JSON.stringify(output, null, 1), Math.min(longestOutput, Math.ceil(mostPut / steps))), `output of ${oneLine(name)}`)}`
}

function shortened(text: string, longest: number): string {
  const rest = text.length - longest
  return rest > 0 ? `${text.slice(0, longest)}… ${rest} more characters in the journal` : text
}

/** Lines of any text; the keyboard can scroll them. */
function block(text: string, label: string): Html {
  return html`<pre tabindex="0" role="region" aria-label="${label}">${text}</pre>`
}

function artifactList(
  { folder, first, count }: NonNullable<ReturnType<Beside['artifacts']['get']>>,
  beside: Beside,
): Html {
  const more = count - first.length
  const files = first.map(
    ({ path, bytes }) =>
      html`<li>${fileLink(beside, path, oneLine(path.slice(folder.length + 1)))} <small>${formatBytes(bytes)}</small></li>`,
  )
  return html`<p class="label">Artifacts</p><ul class="plain">${files}${more > 0 ? html`<li>… and ${more} more in ${fileLink(beside, folder, oneLine(folder))}</li>` : undefined}</ul>`
}
