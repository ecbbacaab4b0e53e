import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Problem } from '../../lib/plan/problem.ts'
import { shapes } from '../lib/run/properties/shape.ts'
import { rebooted, sit } from '../lib/run/properties/sitting.ts'
import { fuzz } from './fuzz.ts'
import { change, damaged } from './journal-changes.ts'

const runs = await Promise.all(
  fc.sample(shapes, { seed: 5, numRuns: 60 }).map(async (shape, index) => {
    const { journal, result } = await sit(shape, 'first', index % 2 === 0 ? { stopAfter: 2 + (index % 13) } : {})
    return { shape, journal: rebooted(journal), run: result.run }
  }),
)

test(
  'a run is gone on with from any journal that can be read, to an end, and from no other',
  () =>
    fuzz(
      'resumed journals',
      300,
      fc.tuple(fc.constantFrom(...runs), change),
      async ([{ shape, journal, run }, change]) => {
        const { text, must } = damaged(journal, change)
        try {
          const { result, record, watch } = await sit(shape, 'later', { earlier: { run, journal: text } })
          expect(must).not.toBe('refused')
          expect(watch.broken).toEqual([])
          expect(result.run).toBe(run)
          if (result.kind === 'ended') expect(record.steps.every(({ ended }) => ended !== undefined)).toBe(true)
          else expect(record.ended?.outcome).toBe('passed')
          return 'accepted'
        } catch (error) {
          if (!(error instanceof Problem)) throw error
          expect(error.message).toMatch(
            /^Cannot (read a journal|resume) as '[\s\S]+' must be [\s\S]+: current value is /,
          )
          // Nothing is left of a journal without its first line: there is no run.
          if (/^[^\0]*\n/.test(text)) expect(must).not.toBe('accepted')
          return 'refused'
        }
      },
    ),
  1_200_000,
)
