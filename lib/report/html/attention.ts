import type { StepEnded } from '../../record/event.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { sentenceOf } from '../../run/perform.ts'
import { endedSteps } from '../ends.ts'
import { several } from '../format.ts'
import { linesOf, oneLine } from '../text.ts'
import type { Around } from './entry.ts'
import { caution, mark } from './mark.ts'
import { type Html, html } from './markup.ts'

/** One thing a reader should know, and of which step or service. */
interface Item {
  readonly sign: Html
  readonly of: string | undefined
  readonly text: string
}

/** What a reader should know before the details: what went wrong, then what is open, repeated or disturbed, then what was announced. */
export function attention(record: RunRecord, { anchors, repeats }: Around): Html {
  const ends = endedSteps(record)
  const notes = ends.flatMap(({ ended }) => notesOf(ended, repeats.get(ended.step)?.length ?? 0))
  const announced = record.announcements.map((text) => html`${oneLine(text)}`)
  return html`${list('wrong', 'What went wrong', wrongOf(record).map(shown))}${list('notes', 'What to know', [...notes, ...retriesOf(record)].map(shown))}${list('announced', 'What was announced', announced)}`

  function shown({ sign, of, text }: Item): Html {
    const anchor = of && anchors.get(of)
    const name = of && (anchor ? html`<a href="#${anchor}">${oneLine(of)}</a>` : html`${oneLine(of)}`)
    return html`${sign} ${name}${name && text !== '' ? ': ' : ''}${oneLine(text)}`
  }
}

function wrongOf(record: RunRecord): readonly Item[] {
  const { services, ended } = record
  const first = (reason = '') => linesOf(reason)[0] ?? ''
  const whole = linesOf(ended?.reason ?? '').map((text) => ({
    sign: mark(ended?.outcome ?? 'aborted'),
    of: undefined,
    text,
  }))
  const up = services.filter(({ state }) => state === 'errored')
  return [
    ...whole,
    ...up.map(({ name, reason }) => ({ sign: mark('errored'), of: name, text: first(reason) })),
    ...endedSteps(record).flatMap(({ name, ended: { outcome, reason, findings = [] } }) => {
      const bad = findings.filter(({ verdict }) => verdict === 'fail')
      if (bad.length > 0) return bad.map((finding) => ({ sign: mark('fail'), of: name, text: sentenceOf(finding) }))
      return outcome === 'passed' || outcome === 'skipped'
        ? []
        : [{ sign: mark(outcome), of: name, text: first(reason) }]
    }),
  ]
}

function notesOf(
  { step: of, outcome, findings = [], metrics = [], sampling }: StepEnded,
  repeated: number,
): readonly Item[] {
  const disturbed = sampling?.disturbances ?? []
  const open = findings.filter(({ verdict }) => verdict === 'undecided')
  return [
    ...open.map((finding) => ({ sign: mark('undecided'), of, text: sentenceOf(finding) })),
    ...metrics.flatMap(({ name, verdict, because = verdict, warnings = [] }) => [
      ...(verdict === 'undecided' || verdict === 'marginal'
        ? [{ sign: mark(verdict), of, text: `${name}: ${because}` }]
        : []),
      ...(warnings.length > 0
        ? [{ sign: caution, of, text: `${name}: ${warnings.map(({ kind }) => kind).join(', ')}` }]
        : []),
    ]),
    ...(repeated > 0 ? [{ sign: caution, of, text: `${outcome} at attempt ${repeated + 1}` }] : []),
    ...(disturbed.length > 0
      ? [{ sign: caution, of, text: `meanwhile, on this machine: ${disturbed.map(({ text }) => text).join('; ')}` }]
      : []),
  ]
}

function retriesOf({ services }: RunRecord): readonly Item[] {
  return services.flatMap(({ name, retries = 0 }) =>
    retries > 0 ? [{ sign: caution, of: name, text: `${several(retries, 'request')} to it had to be repeated` }] : [],
  )
}

const most = 30

function list(id: string, title: string, items: readonly Html[]): Html | undefined {
  if (items.length === 0) return undefined
  const more = items.length - most
  const shown = items.slice(0, most).map((item) => html`<li>${item}</li>`)
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><ul class="plain">${shown}${more > 0 ? html`<li>… and ${more} more</li>` : undefined}</ul></section>
`
}
