import { expect, test } from 'bun:test'
import { pairOf } from '../../../../tasks/gpu/cuda/pair.ts'

test('both are sampled back to back, never at once, and each first by turns', async () => {
  const order: string[] = []
  const sample = (name: string) => async () => {
    order.push(name)
    await Bun.sleep(1)
    order.push(`${name} is done`)
    return name
  }
  for (const round of [1, 2, 3, 4])
    expect(await pairOf(sample('webgpu'), sample('cuda'), round)).toEqual({ webgpu: 'webgpu', cuda: 'cuda' })
  const began = order.filter((word) => !word.endsWith('done'))
  expect(began.map((word) => word[0]).join('')).toBe('wccwwccw')
  expect(order.every((word, at) => at % 2 === 0 || word === `${order[at - 1]} is done`)).toBe(true)
})
