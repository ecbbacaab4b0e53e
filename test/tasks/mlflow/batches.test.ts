import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Batch, batchBodies } from '../../../tasks/mlflow/batches.ts'
import { nasty } from '../../lib/report/events.ts'

const entry = (longest: number) =>
  fc.record({
    key: nasty,
    value: fc
      .tuple(nasty, fc.integer({ min: 0, max: Math.floor(longest / 12) }))
      .map(([text, times]) => text.repeat(times)),
  })
const metric = fc.record({ key: nasty, value: fc.double(), timestamp: fc.nat(), step: fc.nat() })
const batch = fc.record({
  metrics: fc.array(metric, { maxLength: 2500, size: 'max' }),
  params: fc.array(entry(6000), { maxLength: 250, size: 'max' }),
  tags: fc.array(entry(5000), { maxLength: 250, size: 'max' }),
})

function parsed(bodies: readonly string[]): readonly Required<Batch>[] {
  return bodies.map((body) => ({ metrics: [], params: [], tags: [], ...JSON.parse(body) }))
}

/** JSON has no word for them. */
function spelt({ value }: { readonly value: number }): number | string {
  return Number.isFinite(value) ? value : String(value)
}

describe('what is logged at once', () => {
  test('is within the limits of every request, and whole and in order in all of them', () => {
    fc.assert(
      fc.property(batch, (given) => {
        const bodies = batchBodies('run', given)
        const found = parsed(bodies)
        for (const [index, { metrics, params, tags }] of found.entries()) {
          expect(Buffer.byteLength(bodies[index] ?? '')).toBeLessThanOrEqual(1_000_000)
          expect(metrics.length).toBeLessThanOrEqual(1000)
          expect(params.length).toBeLessThanOrEqual(100)
          expect(tags.length).toBeLessThanOrEqual(100)
          expect(metrics.length + params.length + tags.length).toBeLessThanOrEqual(1000)
        }
        // -0 is 0 in JSON.
        const plain = given.metrics.map((one) => ({ ...one, value: spelt(one) === 0 ? 0 : spelt(one) }))
        expect(found.flatMap(({ metrics }) => metrics)).toEqual(JSON.parse(JSON.stringify(plain)))
        expect(found.flatMap(({ params }) => params)).toEqual(given.params)
        expect(found.flatMap(({ tags }) => tags)).toEqual(given.tags)
      }),
      { numRuns: 30 },
    )
  })

  test('takes as few requests as the limits allow', () => {
    const metrics = Array.from({ length: 10_000 }, (_, step) => ({ key: 'loss', value: 1 / step, timestamp: 1, step }))
    expect(batchBodies('run', { metrics })).toHaveLength(10)
    const params = Array.from({ length: 100 }, (_, index) => ({ key: `p${index}`, value: 'x' }))
    expect(batchBodies('run', { metrics: metrics.slice(0, 900), params })).toHaveLength(1)
    expect(batchBodies('run', {})).toEqual([])
    const large = Array.from({ length: 100 }, (_, index) => ({ key: `p${index}`, value: 'µ'.repeat(6000) }))
    expect(batchBodies('run', { params: large })).toHaveLength(2)
  })
})
