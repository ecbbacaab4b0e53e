import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { instanceCounts, scalingOf, scalingWords, sizeWords } from '../../../tasks/training/scaling.ts'
import type { Devices } from '../../../tasks/training/settings.ts'

/** Twelve samples about a rate, no two alike. */
const about = (rate: number) => Array.from({ length: 12 }, (_, at) => rate * (1 + 0.002 * (at - 5.5)))

describe('more instances pay', () => {
  test('while each step up makes the whole a tenth faster', () => {
    const scaling = scalingOf({ '1': about(100), '2': about(190), '4': about(340), '8': about(350) })
    expect(scaling.instances).toBe(4)
    expect(scaling.efficiencies.map(({ instances, value }) => [instances, Math.round(value)])).toEqual([
      [2, 95],
      [4, 85],
      [8, 44],
    ])
    for (const { value, low, high } of scaling.efficiencies) expect(low < value && value < high).toBe(true)
  })

  test('not beyond the first step that does not, whatever comes after it', () => {
    expect(scalingOf({ '1': about(100), '2': about(101), '4': about(400) }).instances).toBe(1)
  })

  test('is told in words, and that there is nothing to tell', () => {
    expect(scalingWords(scalingOf({ '1': about(100), '2': about(104) }))).toMatch(
      /^1 instance is best: 2 do 52 % \(\d\d to \d\d\) of as many times one$/,
    )
    expect(scalingWords(scalingOf({ '1': about(100) }))).toBe('there is nothing to hold one instance against')
  })
})

describe('instances', () => {
  const on = (devices: Devices, text: string) => v.safeParse(instanceCounts(devices).schema, text)

  test('are as many as there are devices, and one always', () => {
    expect(on({ cores: 4, gpus: 0 }, 'usual').output).toEqual([1, 2, 4])
    expect(on({ cores: 64, gpus: 2 }, 'usual').output).toEqual([1, 2])
    expect(on({ cores: 4, gpus: 0 }, '4,3,3').output).toEqual([1, 3, 4])
  })

  test.each(['5', '1,64', '0', 'all'])('%s are refused', (text) => {
    expect(on({ cores: 4, gpus: 0 }, text).issues?.[0].message).toBe(
      'usual, or whole numbers from 1 to 4, the cores of this machine, with commas between them',
    )
    expect(on({ cores: 4, gpus: 3 }, text).issues?.[0].message).toContain('from 1 to 3, the CUDA devices')
  })
})

test('sizes below a training at work are called scaled down', () => {
  expect(sizeWords(1500)).toBe('1,500 images, scaled down')
  expect(sizeWords(50_000)).toBe('50,000 images')
})
