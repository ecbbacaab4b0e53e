import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Box, clipBoxes, flipBox, leastShare, rotateBox, shiftScaleBox } from '../../../tasks/images/boxes.ts'

const canvas = { width: 400, height: 300 }
const box: fc.Arbitrary<Box> = fc
  .record({
    x: fc.integer({ min: 0, max: 399 }),
    y: fc.integer({ min: 0, max: 299 }),
    width: fc.integer({ min: 1, max: 400 }),
    height: fc.integer({ min: 1, max: 300 }),
  })
  .map((b) => ({ label: 'a', ...b, width: Math.min(b.width, 400 - b.x), height: Math.min(b.height, 300 - b.y) }))
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })

function expectClose(actual: Box, expected: Box, slack = 1e-6) {
  expect(actual.label).toBe(expected.label)
  for (const key of ['x', 'y', 'width', 'height'] as const) {
    expect(Math.abs(actual[key] - expected[key])).toBeLessThanOrEqual(slack)
  }
}

test.each(['left-right', 'top-bottom'] as const)('flipping %s twice gives the box back', (mirror) => {
  fc.assert(
    fc.property(box, (b) => {
      const once = flipBox(b, mirror, canvas)
      expect(clipBoxes([once], canvas)).toEqual([once])
      expect(flipBox(once, mirror, canvas)).toEqual(b)
    }),
  )
})

test('a box in a corner goes to the corner across', () => {
  const corner = { label: 'a', x: 0, y: 0, width: 10, height: 20 }
  expect(flipBox(corner, 'left-right', canvas)).toEqual({ ...corner, x: 390 })
  expect(flipBox(corner, 'top-bottom', canvas)).toEqual({ ...corner, y: 280 })
})

test('scaling and shifting back gives the box back', () => {
  fc.assert(
    fc.property(box, number(0.5, 2), number(0.5, 2), number(-90, 90), number(-90, 90), (b, sx, sy, right, down) => {
      const moved = shiftScaleBox(b, { scaleX: sx, scaleY: sy, right, down })
      const back = { scaleX: 1 / sx, scaleY: 1 / sy, right: -right / sx, down: -down / sy }
      expectClose(shiftScaleBox(moved, back), b)
    }),
  )
})

describe('rotateBox', () => {
  test('by nothing changes nothing', () => {
    fc.assert(fc.property(box, (b) => expectClose(rotateBox(b, 0, canvas), b)))
  })

  test('by a quarter turns the canvas’s corner with it', () => {
    const corner = { label: 'a', x: 0, y: 0, width: 10, height: 20 }
    expectClose(rotateBox(corner, 90, canvas), { label: 'a', x: 300 - 20, y: 0, width: 20, height: 10 }, 1)
  })

  test('keeps the area inside the hull and the hull on the grown canvas, to a pixel', () => {
    fc.assert(
      fc.property(box, number(-45, 45), (b, degrees) => {
        const hull = rotateBox(b, degrees, canvas)
        const turn = (Math.abs(degrees) * Math.PI) / 180
        expect(hull.width * hull.height).toBeGreaterThanOrEqual(b.width * b.height - 1e-6)
        expect(hull.x).toBeGreaterThanOrEqual(-1)
        expect(hull.y).toBeGreaterThanOrEqual(-1)
        expect(hull.x + hull.width).toBeLessThanOrEqual(400 * Math.cos(turn) + 300 * Math.sin(turn) + 1)
        expect(hull.y + hull.height).toBeLessThanOrEqual(300 * Math.cos(turn) + 400 * Math.sin(turn) + 1)
      }),
    )
  })
})

describe('clipBoxes', () => {
  test('leaves what lies on the canvas and drops what mostly left it', () => {
    const wide = { label: 'a', y: 0, width: 100, height: 10 }
    expect(clipBoxes([{ ...wide, x: -75 }], canvas)).toEqual([{ ...wide, x: 0, width: 25 }])
    expect(clipBoxes([{ ...wide, x: -76 }], canvas)).toEqual([])
    expect(clipBoxes([{ ...wide, x: -100 }], canvas)).toEqual([])
    expect(clipBoxes([{ ...wide, x: 350 }], canvas)).toEqual([{ ...wide, x: 350, width: 50 }])
  })

  test('gives boxes on the canvas of at least their least share, and the same again when asked twice', () => {
    fc.assert(
      fc.property(box, number(-500, 500), number(-500, 500), (b, right, down) => {
        const moved = shiftScaleBox(b, { scaleX: 1, scaleY: 1, right, down })
        const clipped = clipBoxes([moved], canvas)
        for (const { x, y, width, height } of clipped) {
          expect(x >= 0 && y >= 0 && x + width <= 400 + 1e-9 && y + height <= 300 + 1e-9).toBe(true)
          expect(width * height).toBeGreaterThanOrEqual(leastShare * b.width * b.height - 1e-6)
        }
        expect(clipBoxes(clipped, canvas).length).toBe(clipped.length)
      }),
    )
  })
})
