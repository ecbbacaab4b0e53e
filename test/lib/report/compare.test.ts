import { describe, expect, test } from 'bun:test'
import { type Compared, comparisonsOf } from '../../../lib/report/compare.ts'
import { measured } from '../record/measured-journal.ts'
import { chance, timings } from '../run/measure/scene.ts'

/** A run of so many metrics, each with 30 samples that `next` draws, `times` as large. */
function runOf(metrics: number, next: () => number, times = 1): Compared {
  const samples = () => Array.from({ length: 30 }, () => times * next())
  const named = Array.from({ length: metrics }, (_, i) => measured(`m${i}`, samples()))
  return {
    ...{ plan: 'p', run: 'r', at: '2026-11-21T02:30:00.000Z', commit: undefined, machine: 'm', params: {} },
    metrics: named.map((judged) => ({ step: 's', metric: judged.name, unit: 's', samples: judged.samples, judged })),
  }
}

describe('a comparison of many metrics', () => {
  test('finds runs that are alike worse once in a hundred times, in all of them together', () => {
    const next = timings(1, 0.1, chance())
    let worse = 0
    for (let i = 0; i < 200; i++) {
      const comparisons = comparisonsOf(runOf(25, next), runOf(25, next), 1)
      if (comparisons.some(({ verdict }) => verdict === 'fail')) worse += 1
    }
    expect(worse).toBeLessThanOrEqual(4)
  })

  test('still finds one that is a fifth worse in each', () => {
    const next = timings(1, 0.1, chance())
    const comparisons = comparisonsOf(runOf(25, next), runOf(25, next, 1.2), 1)
    expect(comparisons.map(({ verdict }) => verdict)).toEqual(Array(25).fill('fail'))
  })
})
