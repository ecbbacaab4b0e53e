import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { RunEvent } from '../../lib/record/event.ts'
import { readJournal } from '../../lib/record/journal.ts'
import { recordOf } from '../../lib/record/run-record.ts'
import { csvText } from '../../lib/report/csv.ts'
import { junitXml } from '../../lib/report/junit.ts'
import { summaryText } from '../../lib/report/summary.ts'
import { anyJournal } from '../lib/report/events.ts'
import { viewed } from '../lib/report/viewed.ts'
import { shapes } from '../lib/run/properties/shape.ts'
import { sit } from '../lib/run/properties/sitting.ts'
import { fuzz, tried } from './fuzz.ts'
import { change, damaged } from './journal-changes.ts'

const text = (events: readonly RunEvent[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('')

/** Journals of real runs, killed, stopped and resumed ones among them. */
const real: readonly string[] = await Promise.all(
  fc.sample(shapes, { seed: 4, numRuns: 60 }).map(async (shape, index) => {
    const first = await sit(shape, 'first', index % 3 === 0 ? { stopAfter: index % 17 } : {})
    if (index % 2 === 0) return first.journal
    const lines = first.journal
      .split('\n')
      .slice(0, -1)
      .slice(0, 1 + (index % 11))
    const earlier = { run: first.result.run, journal: `${lines.join('\n')}\n` }
    return (await sit(shape, 'later', { earlier })).journal
  }),
)
const journals = fc.oneof(fc.constantFrom(...real), anyJournal.map(text))

test(
  'a journal is read as it was written, or refused by a sentence that names its line',
  () =>
    fuzz('journals', 600, fc.tuple(journals, change), ([journal, change]) => {
      const { text, must } = damaged(journal, change)
      const read = tried(() => readJournal(text, 'runs/j.jsonl'))
      if (must !== undefined) expect(read.verdict).toBe(must)
      if (read.verdict === 'refused') {
        expect(read.sentence).toMatch(/runs\/j\.jsonl:\d+' must be /)
        return 'refused'
      }
      // A power cut leaves NULs where bytes were on their way; what follows them was not acknowledged either.
      const [written = ''] = text.split('\0', 1)
      const whole = written.slice(0, written.lastIndexOf('\n') + 1)
      const lines = whole.split('\n').slice(0, -1)
      expect(read.value).toHaveLength(lines.length)
      for (const [index, line] of lines.entries()) expect(isPartOf(read.value[index], JSON.parse(line))).toBe(true)
      viewsAgree(read.value)
      return 'accepted'
    }),
  600_000,
)

/** Whether `read` says nothing that `written` did not: a reader may leave out what it does not know. */
function isPartOf(read: unknown, written: unknown): boolean {
  if (typeof read !== 'object' || read === null || typeof written !== 'object' || written === null)
    return Object.is(read, written)
  if (Array.isArray(read))
    return (
      Array.isArray(written) && read.length === written.length && read.every((one, at) => isPartOf(one, written[at]))
    )
  const there = new Map(Object.entries(written))
  return Object.entries(read).every(([name, one]) => there.has(name) && isPartOf(one, there.get(name)))
}

/** Every view can be made, and the record holds of each step the newest end of the newest sitting, and no other. */
function viewsAgree(events: readonly RunEvent[]): void {
  const record = recordOf(events)
  if (record === undefined) {
    expect(events).toHaveLength(0)
    return
  }
  const begun = events.findLastIndex(({ event }) => event === 'run-started' || event === 'run-resumed')
  const sitting = events.slice(begun)
  // No plan has two nodes of one name; of a heading that was damaged into that, the last one counts.
  for (const { name, ended } of new Map(record.steps.map((step) => [step.name, step])).values()) {
    const end = sitting.findLast((event) => event.event === 'step-ended' && event.step === name)
    expect(ended).toBe(end?.event === 'step-ended' ? end : undefined)
  }
  const last = sitting.findLast(({ event }) => event === 'run-ended')
  expect(record.ended).toBe(last?.event === 'run-ended' ? last : undefined)
  expect(summaryText(record)).toStartWith(record.ended?.outcome ?? 'unfinished')
  expect(csvText([record])).toEndWith('\r\n')
  expect(junitXml([record])).toStartWith('<?xml')
  const { view, see, text } = viewed()
  see(...events)
  view.close()
  expect(text()).not.toMatch(/could not be shown|Internal error/)
}
