import { expect, test } from 'bun:test'
import type { DeviceFacts } from '../../../tasks/gpu/kernel.ts'
import { arraySize } from '../../../tasks/gpu/sizes.ts'

const GiB = 2 ** 30
const facts: DeviceFacts = {
  ...{ name: 'card', kind: 'hardware', vendor: '', architecture: '', driver: '', backend: 'vulkan' },
  ...{ features: [], subgroups: { least: 32, most: 32 }, matrices: [] },
  limits: { maxStorageBufferBindingSize: 2 * GiB - 4, maxBufferSize: 4 * GiB },
}
const card = (memory: number | undefined, more: Partial<DeviceFacts> = {}) => ({ facts: { ...facts, ...more }, memory })
const wordsOf = (...given: Parameters<typeof arraySize>) => arraySize(...given).words

test('an array is as large as was asked for where there is room for all', () => {
  expect(arraySize(card(141 * GiB), 1024)).toEqual({ elements: 2 ** 28, words: '1024 MiB each' })
})

test('an array leaves room for the others on a small card, and on one whose memory nobody tells', () => {
  expect(wordsOf(card(8 * GiB), 1024)).toBe('256 MiB each in place of 1024 MiB: the card has 9 GB for all of them')
  expect(wordsOf(card(undefined), 1024)).toBe(
    '256 MiB each in place of 1024 MiB: nobody tells how much memory the card has',
  )
})

test('an array is no larger than what can be bound, with its guard', () => {
  expect(wordsOf(card(1024 * GiB), 1_000_000)).toBe('2047 MiB each in place of 1000000 MiB: the device binds no more')
})

test('of a software adapter all is small', () => {
  expect(wordsOf(card(undefined, { kind: 'software' }), 1024)).toBe(
    '256 KiB each in place of 1024 MiB: the adapter is the CPU',
  )
})
