import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { baselineFactor, variantSizes } from '../../../tasks/pipeline/params.ts'

describe('sizes of which so many are made', () => {
  const { schema } = variantSizes('5x5,4x4,3x3,2x2,1x1')

  test('are five or more', () => {
    expect(v.parse(schema, '1080p,720p,480p,8x8,4x4,2x2').map(({ name }) => name)).toEqual([
      ...['1080p', '720p', '480p', '8x8', '4x4', '2x2'],
    ])
    expect(v.safeParse(schema, '1080p,720p,480p,8x8').issues?.[0].message).toBe('at least five sizes')
  })

  test('are sizes', () => {
    expect(v.safeParse(schema, '1,2,3,4,5').issues?.map(({ message }) => message)).toEqual([
      "a list of sizes like 1080p,720p,800x600 ('1' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT)",
    ])
  })
})

describe('a factor of the baseline', () => {
  const { schema, help } = baselineFactor('1.2', 'the time')

  test('is at least 1, and says of what it is', () => {
    expect(v.parse(schema, '1.05')).toBe(1.05)
    expect(help).toBe('times its baseline that the time may be')
  })

  test.each(['0.9', '', 'x', '-1', '20 %'])('is not %p', (value) => {
    expect(v.safeParse(schema, value).issues?.[0].message).toBe('a factor from 1')
  })
})
