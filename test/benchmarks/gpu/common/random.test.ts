import { expect, test } from 'bun:test'
import { coarseAt, filledBy, randomAt, randomF32 } from '../../../../benchmarks/gpu/common/random.ts'

const many = 100_000

test('random elements are exact as f32, spread over [-1, 1), and another sequence is another', () => {
  const values = Array.from({ length: many }, (_, at) => randomAt(1, at))
  expect(values.every((value) => Math.fround(value) === value && value >= -1 && value < 1)).toBe(true)
  const mean = values.reduce((sum, value) => sum + value, 0) / many
  const square = values.reduce((sum, value) => sum + value * value, 0) / many
  expect(Math.abs(mean)).toBeLessThan(0.01)
  expect(Math.abs(square - 1 / 3)).toBeLessThan(0.01)
  expect(new Set(values).size).toBeGreaterThan(0.99 * many)
  const both = values.reduce((sum, value, at) => sum + value * randomAt(2, at), 0) / many
  expect(Math.abs(both)).toBeLessThan(0.01)
})

test('sums of coarse elements are exact as f32 in any order, and they favour no side', () => {
  const values = Array.from({ length: many }, (_, at) => coarseAt(1, at))
  let [forwards, backwards] = [0, 0]
  for (const value of values) forwards = Math.fround(forwards + value)
  for (const value of values.toReversed()) backwards = Math.fround(backwards + value)
  expect(forwards).toBe(backwards)
  expect(forwards).toBe(values.reduce((sum, value) => sum + value, 0))
  expect(values.every((value) => Math.abs((256 * value) % 2) === 1 && Math.abs(value) < 1)).toBe(true)
  expect(Math.abs(forwards / many)).toBeLessThan(0.01)
})

test('a piece is the same whatever came before it, and the same sequence is the same function', () => {
  const [whole, piece] = [new Float32Array(1000), new Float32Array(10)]
  randomF32(3)(whole.buffer, 0)
  randomF32(3)(piece.buffer, 4 * 500)
  expect(piece).toEqual(whole.subarray(500, 510))
  expect(randomF32(3)).toBe(randomF32(3))
  expect(randomF32(3)).not.toBe(randomF32(4))
  expect(filledBy(coarseAt, 3)).not.toBe(randomF32(3))
})
