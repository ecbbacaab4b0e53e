import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { orderOf, seedOf } from '../../../../lib/run/measure/order.ts'

const seed = fc.nat(2 ** 31)
const variants = fc.uniqueArray(fc.string(), { maxLength: 8 })

describe('the order of a round', () => {
  test('has every variant once, and is the same for the same seed, measure and round', () => {
    fc.assert(
      fc.property(variants, seed, fc.string(), fc.integer({ min: -100, max: 1000 }), (all, seed, measure, round) => {
        const order = orderOf(all, seed, measure, round)
        expect(order.toSorted()).toEqual(all.toSorted())
        expect(orderOf(all, seed, measure, round)).toEqual(order)
      }),
    )
  })

  test('is each of all orders about as often, and another for another seed and measure', () => {
    const orders = (seed: number, measure: string) =>
      Array.from({ length: 6000 }, (_, round) => orderOf(['a', 'b', 'c'], seed, measure, round + 1).join(''))
    const counts = new Map<string, number>()
    for (const order of orders(7, 'm')) counts.set(order, (counts.get(order) ?? 0) + 1)
    expect(counts.size).toBe(6)
    // 1000 of each would be even; three standard deviations are 87.
    for (const count of counts.values()) expect(count).toBeWithin(900, 1100)
    for (const other of [orders(8, 'm'), orders(7, 'n')]) {
      const same = orders(7, 'm').filter((order, round) => order === other[round]).length
      expect(same).toBeWithin(850, 1150)
    }
  })
})

describe('the seed', () => {
  test.each<[string, number | undefined, string | undefined, number]>([
    ['the plan’s', 5, '7', 5],
    ['that of ASSAY_SEED', undefined, '7', 7],
    ['drawn where neither is given', undefined, undefined, 2 ** 30],
    ['drawn where ASSAY_SEED is empty', undefined, ' ', 2 ** 30],
  ])('is %s', (_, asked, ASSAY_SEED, expected) => {
    expect(seedOf(asked, { ASSAY_SEED }, () => 0.5)).toBe(expected)
  })

  test.each([
    [undefined, 'x', "Cannot measure as 'ASSAY_SEED' must be a whole number: current value is x"],
    [undefined, '-1', "Cannot measure as 'ASSAY_SEED' must be a whole number: current value is -1"],
    [1.5, '7', "Cannot measure as 'seed' must be a whole number: current value is 1.5"],
  ])('of %p and ASSAY_SEED=%s is refused', (asked, ASSAY_SEED, sentence) => {
    expect(() => seedOf(asked, { ASSAY_SEED }, () => 0.5)).toThrow(sentence)
  })
})
