import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { check } from './properties/check.ts'
import { breachesOf, calledAgain, endsOf, stoppedLate } from './properties/judge.ts'
import { expectedOf } from './properties/oracle.ts'
import { type Shape, shapes } from './properties/shape.ts'
import { rebooted, type Sat, sit } from './properties/sitting.ts'

const deadline = 1_200_000

test(
  'in any graph every node ends as it must, after its needs, within its slots, its services up',
  () =>
    check('unbroken', shapes, async (shape) => {
      const sat = await sit(shape, 'first')
      const expected = expectedOf(shape, 'first')
      expect(breachesOf(shape, sat)).toEqual([])
      expect(stoppedLate(shape, sat)).toEqual([])
      expect(endsOf(sat.record)).toEqual(expected.map(({ outcome, sum }) => ({ outcome, sum })))
      expect(sat.watch.calls).toEqual(expected.map(({ attempts }) => attempts))
      expect(sat.record.steps.map(({ ended }) => ended?.attempts)).toEqual(expected.map(({ attempts }) => attempts))
    }),
  deadline,
)

const cuts = fc.array(fc.record({ line: fc.nat(), torn: fc.nat() }), { minLength: 3, maxLength: 5 })

test(
  'a run that is killed at any event, and again while it is resumed, ends as an unbroken one and does nothing twice',
  () =>
    check('killed', fc.tuple(shapes, cuts), async ([shape, cuts]) => {
      let sat = await sit(shape, 'first')
      for (const cut of cuts) {
        const found = killed(rebooted(sat.journal), cut)
        sat = await resumed(shape, sat.result.run, found)
      }
    }),
  deadline,
)

test(
  'a run that is told to stop at any event ends all it began, and resumes as if it had not been stopped',
  () =>
    check('stopped', fc.tuple(shapes, fc.integer({ min: 1, max: 60 })), async ([shape, stopAfter]) => {
      const stopped = await sit(shape, 'first', { stopAfter })
      expect(breachesOf(shape, stopped)).toEqual([])
      if (stopAfter < stopped.events.length) expect(stopped.record.ended?.outcome).toBe('aborted')
      await resumed(shape, stopped.result.run, stopped.journal)
    }),
  deadline,
)

test(
  'a run of a part of a plan runs that part, and is gone on with as one of the whole',
  () =>
    check('a part', fc.tuple(shapes, fc.nat()), async ([shape, last]) => {
      const until = last % shape.nodes.length
      const part = await sit(shape, 'first', { until })
      expect(breachesOf(shape, part)).toEqual([])
      const expected = expectedOf(shape, 'first').map(({ attempts }, index) => (index > until ? 0 : attempts))
      expect(part.watch.calls).toEqual(expected)
      await resumed(shape, part.result.run, part.journal)
    }),
  deadline,
)

/** Goes on with what is found, and holds the run to its end against one that nobody killed. */
async function resumed(shape: Shape, run: string, found: string): Promise<Sat> {
  const sat = await sit(shape, 'later', { earlier: { run, journal: found } })
  expect(breachesOf(shape, sat)).toEqual([])
  if (sat.result.kind === 'nothing to do') {
    expect([sat.record.ended?.outcome, sat.journal]).toEqual(['passed', found])
    expect(Math.max(...sat.watch.calls)).toBe(0)
  } else {
    expect(endsOf(sat.record)).toEqual(expectedOf(shape, 'later').map(({ outcome, sum }) => ({ outcome, sum })))
    expect(sat.watch.calls.map((calls) => calls > 0)).toEqual([...calledAgain(shape, 'later', found, sat)])
  }
  return sat
}

/** The journal as it stood when the runner was killed: so many whole lines, and a part of the one it was writing. */
function killed(journal: string, { line, torn }: { readonly line: number; readonly torn: number }): string {
  const lines = journal.split('\n').slice(0, -1)
  const kept = 1 + (line % lines.length)
  const next = lines[kept] ?? ''
  return `${lines.slice(0, kept).join('\n')}\n${next.slice(0, torn % (next.length + 1))}`
}
