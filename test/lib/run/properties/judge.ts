import type { RunEvent, StepEnded } from '../../../../lib/record/event.ts'
import { readJournal } from '../../../../lib/record/journal.ts'
import type { RunRecord } from '../../../../lib/record/run-record.ts'
import { comesUp, type Expected, expectedOf, type Sitting } from './oracle.ts'
import { fromOf, outputOf } from './output.ts'
import type { Shape } from './shape.ts'
import type { Sat } from './sitting.ts'
import { nameOf, serviceName } from './watch.ts'

/** What any sitting breaks of the promises that hold whatever happens to it, as sentences. */
export function breachesOf(shape: Shape, { result, record, events, journal, watch }: Sat): readonly string[] {
  const broken = [...watch.broken]
  for (const index of watch.up()) broken.push(`${serviceName(index)} was left up`)
  const same = (what: string, a: unknown, b: unknown) => {
    if (!Bun.deepEquals(a, b)) broken.push(`${what}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`)
  }
  const all = readJournal(journal, 'j')
  same('what observers saw is what the journal has', events, all.slice(all.length - events.length))
  same('the record is what the journal says', asJson(result.record), asJson(record))
  if (result.kind === 'nothing to do') return broken

  same('the run ends once, and last', endsIn(events), [events.length - 1])
  const { outcome } = result
  same('the outcome is recorded', record.ended?.outcome, outcome)
  for (const [index, node] of shape.nodes.entries()) {
    const name = nameOf(index)
    const ends = events.filter((event): event is StepEnded => event.event === 'step-ended' && event.step === name)
    same(`${name} ends once if it was chosen`, ends.length, record.steps[index]?.selected ? 1 : 0)
    const [end] = ends
    if (end?.outcome !== 'passed') continue
    const needs = node.needs.map((need) => outputs(record)[need])
    for (const need of node.needs) same(`${name} passed on what passed`, record.steps[need]?.ended?.outcome, 'passed')
    if (node.kind !== 'check') same(`${name} was made from what it needs`, outputOf(end.output)?.from, fromOf(needs))
  }
  const started = new Set(events.flatMap((event) => (event.event === 'service' ? [event.name] : [])))
  for (const index of shape.services.keys())
    if (watch.discarded.has(index) !== (outcome === 'passed' && started.has(serviceName(index))))
      broken.push(`${serviceName(index)} was discarded after a run that ${outcome}, or was not`)
  return broken
}

/** How the nodes ended, to be held against what was expected of them. */
export function endsOf(record: RunRecord): readonly Pick<Expected, 'outcome' | 'sum'>[] {
  return record.steps.map(({ ended }) => {
    if (ended === undefined) throw new Error('a step that was selected has no end')
    const sum = ended.outcome === 'passed' ? outputOf(ended.output)?.sum : undefined
    return { outcome: ended.outcome, sum }
  })
}

export function outputs(record: RunRecord): readonly unknown[] {
  return record.steps.map(({ ended }) => ended?.output)
}

/**
 * Which functions a resumed sitting should have called, worked out from the journal it found and how it ended: those of
 * nodes that were not skipped and whose newest passed output was made from something else, or is no longer there.
 */
export function calledAgain(shape: Shape, sitting: Sitting, found: string, { record }: Sat): readonly boolean[] {
  const passed = new Map<string, StepEnded>()
  for (const event of readJournal(found, 'j'))
    if (event.event === 'step-started') passed.delete(event.step)
    else if (event.event === 'step-ended' && event.outcome === 'passed') passed.set(event.step, event)
  const expected = expectedOf(shape, sitting)
  return shape.nodes.map((node, index) => {
    const before = passed.get(nameOf(index))
    const up = node.services.every((service) => comesUp(shape.services[service], sitting))
    const stands = node.kind !== 'step' || node.proof === 'none' || (up && node.proof === 'there')
    const from = fromOf(node.needs.map((need) => outputs(record)[need]))
    const reused = node.kind !== 'check' && before !== undefined && outputOf(before.output)?.from === from && stands
    return !reused && (expected[index]?.attempts ?? 0) > 0
  })
}

/** Which services were stopped later than their last user's end had become safe. */
export function stoppedLate(shape: Shape, { events, watch }: Sat): readonly string[] {
  const began = Date.parse(events[0]?.at ?? '')
  return [...watch.stopped].flatMap(([service, at]) => {
    const users = shape.nodes.flatMap((node, index) => (node.services.includes(service) ? [nameOf(index)] : []))
    const ends = events.flatMap((event) =>
      event.event === 'step-ended' && users.includes(event.step) ? [Date.parse(event.at) - began] : [],
    )
    const last = Math.max(...ends)
    // One sync may be under way when the line is written; the next one makes it safe.
    return at <= last + 2 * shape.sync
      ? []
      : [`${serviceName(service)} was stopped at ${at}, its last user ended at ${last}`]
  })
}

function endsIn(events: readonly RunEvent[]): readonly number[] {
  return events.flatMap(({ event }, index) => (event === 'run-ended' ? [index] : []))
}

/** Without what only helps it to grow. */
function asJson(record: RunRecord): unknown {
  return { ...JSON.parse(JSON.stringify(record)), byName: undefined }
}
