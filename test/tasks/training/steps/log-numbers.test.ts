import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type LoggedStep, numbered } from '../../../../tasks/training/steps/log-numbers.ts'

const runs = { numRuns: 2000 }

const told = (beside: number | undefined, epoch?: number): LoggedStep => ({
  line: { event: 'step', step: 1, loss: 1, uncertain: true, ...(epoch !== undefined && { epoch }) },
  beside,
})
const numbers = (steps: readonly LoggedStep[]): unknown =>
  numbered(steps).map(({ step, uncertain }) => (uncertain ? 'uncertain' : step))

/** As the Trainer of transformers tells of steps. */
interface Told {
  readonly stepsOfEpoch: number
  readonly every: number
  /** Steps that were done before, in another sitting. */
  readonly before: number
  readonly count: number
  /** How far each bar was off. */
  readonly off: readonly number[]
}

const trainings = (most: number): fc.Arbitrary<Told> =>
  fc.record({
    stepsOfEpoch: fc.integer({ min: 4, max: most }),
    every: fc.integer({ min: 1, max: 50 }),
    before: fc.integer({ min: 0, max: 100 }),
    count: fc.integer({ min: 2, max: 40 }),
    off: fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 40, maxLength: 40 }),
  })

function toldBy({ stepsOfEpoch, every, before, count, off }: Told, epochs: 'with epochs' | 'without') {
  const steps = Array.from({ length: count }, (_, i) => (Math.floor(before / every) + i + 1) * every)
  const logged = steps.map((step, i) =>
    told(step + (off[i] ?? 0), epochs === 'without' ? undefined : Number((step / stepsOfEpoch).toPrecision(4))),
  )
  return { steps, logged }
}

/** Each log's steps are numbered rightly or not at all; returns of how many they are. */
function numberedRightly(epochs: 'with epochs' | 'without'): number {
  let found = 0
  fc.assert(
    fc.property(trainings(300), (training) => {
      const { steps, logged } = toldBy(training, epochs)
      const got = numbers(logged)
      found += JSON.stringify(got).includes('uncertain') ? 0 : 1
      expect<unknown[]>([steps, steps.map(() => 'uncertain')]).toContainEqual(got)
    }),
    runs,
  )
  return found
}

describe('the steps of a log that numbers none are numbered', () => {
  test('by epochs, whatever bars beside them are off by; where those are too rough for it, not at all', () => {
    expect(numberedRightly('with epochs')).toBeGreaterThan(runs.numRuns / 2)
  })

  test('by bars alone where steps are told of rarely enough, and never wrongly', () => {
    expect(numberedRightly('without')).toBeGreaterThan(runs.numRuns / 2)
    expect(numbers([told(10), told(21), told(30)])).toEqual([10, 20, 30])
    expect(numbers([told(500), told(1001)])).toEqual(['uncertain', 'uncertain'])
  })

  test('only where all are told of like this', () => {
    expect(numbers([told(10), told(undefined), told(30)])).toEqual(['uncertain', 'uncertain', 'uncertain'])
    expect(numbers([told(10)])).toEqual(['uncertain'])
    expect(numbers([told(10, 0.1), told(20, 0.1), told(20, 0.3)])).toEqual([10, 20, 20].map(() => 'uncertain'))
  })
})
