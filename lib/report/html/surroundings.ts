import type { RunRecord } from '../../record/run-record.ts'
import { formatBytes } from '../format.ts'
import { percent } from '../smallest-change.ts'
import { oneLine } from '../text.ts'
import { type Html, html } from './markup.ts'

/** Where a run ran, with what parameters, and how quiet it is there. */
export function surroundings({ heading }: RunRecord): Html {
  const { memory, commit, dirty, detectable, ...rest } = heading.environment
  const words: Readonly<Record<string, string>> = { os: 'system', bun: 'Bun' }
  const where = [
    ...Object.entries(rest).map(([name, value]) => [words[name] ?? name, String(value)] as const),
    ['memory', formatBytes(memory)] as const,
    ...(commit === undefined ? [] : [['commit', `${commit.slice(0, 12)}${dirty ? ', with changes' : ''}`] as const]),
    ...(detectable ?? []).map(({ n, change }) => ['noise floor', `${percent(change)} with ${n} samples`] as const),
  ]
  return html`<section aria-labelledby="where"><h2 id="where">Where it ran</h2>${pairs(where)}</section>
${paramsOf(heading.params)}`
}

function paramsOf(params: Readonly<Record<string, string>>): Html | undefined {
  const given = Object.entries(params)
  return given.length === 0
    ? undefined
    : html`<section aria-labelledby="params"><h2 id="params">Parameters</h2>${pairs(given)}</section>
`
}

function pairs(all: readonly (readonly [string, string])[]): Html {
  return html`<dl>${all.map(([name, value]) => html`<div><dt>${oneLine(name)}</dt><dd>${value === '' ? html`<span class="dim">empty</span>` : oneLine(value)}</dd></div>`)}</dl>`
}
