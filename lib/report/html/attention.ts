import type { RunRecord } from '../../record/run-record.ts'
import { sentenceOf } from '../../run/perform.ts'
import { endedSteps } from '../ends.ts'
import { several } from '../format.ts'
import { linesOf, oneLine } from '../text.ts'
import type { Around } from './entry.ts'
import { type Judged, mark } from './mark.ts'
import { type Html, html } from './markup.ts'

const most = 30

/** What a reader should know before the details: what went wrong, then what is open, repeated or disturbed. */
export function attention(record: RunRecord, { anchors, repeats }: Around): Html {
  const wrong: Html[] = []
  const notes: Html[] = []
  for (const line of linesOf(record.ended?.reason ?? ''))
    wrong.push(item(record.ended?.outcome ?? 'unfinished', undefined, line))
  for (const { name, state, reason = '' } of record.services)
    if (state === 'errored') wrong.push(item('errored', named(name), linesOf(reason)[0] ?? ''))
  for (const { name, ended } of endedSteps(record)) {
    const { outcome, reason = '', findings = [], metrics = [], sampling } = ended
    const bad = findings.filter(({ verdict }) => verdict === 'fail')
    if (bad.length > 0) for (const finding of bad) wrong.push(item('fail', named(name), oneLine(sentenceOf(finding))))
    else if (outcome !== 'passed' && outcome !== 'skipped')
      wrong.push(item(outcome, named(name), linesOf(reason)[0] ?? ''))
    for (const finding of findings)
      if (finding.verdict === 'undecided') notes.push(item('undecided', named(name), oneLine(sentenceOf(finding))))
    for (const { name: metric, verdict, because = '', warnings = [] } of metrics) {
      if (verdict === 'undecided' || verdict === 'marginal')
        notes.push(item(verdict, named(name), oneLine(`${metric}: ${because || verdict}`)))
      if (warnings.length > 0)
        notes.push(item('undecided', named(name), oneLine(`${metric}: ${warnings.map(({ kind }) => kind).join(', ')}`)))
    }
    const repeated = repeats.get(name)?.length ?? 0
    if (repeated > 0) notes.push(item('undecided', named(name), `${outcome} only at attempt ${repeated + 1}`))
    const disturbed = sampling?.disturbances ?? []
    if (disturbed.length > 0)
      notes.push(
        item(
          'undecided',
          named(name),
          `${several(disturbed.length, 'disturbance')} while it was measured: ${oneLine(disturbed.map(({ text }) => text).join('; '))}`,
        ),
      )
  }
  return html`${list('wrong', 'What went wrong', wrong)}${list('notes', 'What to know', notes)}${list(
    'announced',
    'What was announced',
    record.announcements.map((text) => html`<li>${oneLine(text)}</li>`),
  )}`

  function named(name: string): Html {
    const anchor = anchors.get(name)
    return anchor === undefined ? html`${oneLine(name)}` : html`<a href="#${anchor}">${oneLine(name)}</a>`
  }
}

function item(judged: Judged, name: Html | undefined, text: string): Html {
  return html`<li>${mark(judged)} ${name}${name && text !== '' ? ': ' : ''}${text}</li>`
}

function list(id: string, title: string, items: readonly Html[]): Html | undefined {
  if (items.length === 0) return undefined
  const more = items.length - most
  return html`<section aria-labelledby="${id}" class="${id}"><h2 id="${id}">${title}</h2><ul class="plain">${items.slice(0, most)}${more > 0 ? html`<li>… and ${more} more</li>` : undefined}</ul></section>
`
}
