import type { Outcome, Verdict } from '../../record/event.ts'
import { type Html, html } from './markup.ts'

/** What a sign can stand for; of checks, `undecided` is a verdict too. */
export type Judged = Outcome | Verdict | 'unfinished'

type Tone = 'good' | 'bad' | 'open' | 'dim'

const signs: Readonly<Record<Judged, readonly [sign: string, tone: Tone]>> = {
  passed: ['✓', 'good'],
  pass: ['✓', 'good'],
  failed: ['✗', 'bad'],
  fail: ['✗', 'bad'],
  errored: ['!', 'bad'],
  aborted: ['!', 'open'],
  unfinished: ['…', 'open'],
  marginal: ['~', 'open'],
  undecided: ['?', 'open'],
  skipped: ['–', 'dim'],
  recorded: ['·', 'dim'],
}

export function signOf(judged: Judged): string {
  return signs[judged][0]
}

/** Good, bad, open or neither. */
export function toneOf(judged: Judged): Tone {
  return signs[judged][1]
}

/** The sign of an outcome or verdict, which is read out as its word. */
export function mark(judged: Judged): Html {
  const [sign, tone] = signs[judged]
  return html`<span class="mark ${tone}" role="img" aria-label="${judged}">${sign}</span>`
}

/** The sign and the word. */
export function badge(judged: Judged): Html {
  const [sign, tone] = signs[judged]
  return html`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span> ${judged}</span>`
}

/** Stands before what speaks against believing something. */
export const caution: Html = html`<span class="mark open" role="img" aria-label="warning">⚠</span>`
