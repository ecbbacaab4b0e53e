import { expect, test } from 'bun:test'
import type { DeviceFacts } from '../../../tasks/gpu/kernel.ts'
import { elementsOf, sizeOf } from '../../../tasks/gpu/sizes.ts'

const GiB = 2 ** 30
const facts: DeviceFacts = {
  ...{ name: 'card', kind: 'hardware', vendor: '', architecture: '', driver: '', backend: 'vulkan' },
  ...{ features: [], subgroups: { least: 32, most: 32 }, matrices: [] },
  limits: { maxStorageBufferBindingSize: 2 * GiB - 4, maxBufferSize: 4 * GiB },
}
const card = (memory: number | undefined, more: Partial<DeviceFacts> = {}) =>
  ({ kind: 'present', facts: { ...facts, ...more }, memory }) as const
const mib = (elements: number) => (4 * elements) / 2 ** 20

test('an array is as large as was asked for where there is room for all', () => {
  expect(mib(elementsOf(card(141 * GiB), 1024))).toBe(1024)
})

test('an array leaves room for the others on a small card, and on one whose memory nobody tells', () => {
  expect(mib(elementsOf(card(8 * GiB), 1024))).toBe(256)
  expect(mib(elementsOf(card(undefined), 1024))).toBe(256)
})

test('an array is no larger than what can be bound, with its guard', () => {
  const most = mib(elementsOf(card(1024 * GiB), 1_000_000))
  expect(most).toBeLessThan(2048)
  expect(most).toBeGreaterThan(2046)
})

test('of a software adapter all is small', () => {
  expect(mib(elementsOf(card(141 * GiB, { kind: 'software' }), 1024))).toBeLessThanOrEqual(1)
  expect(sizeOf(card(undefined, { kind: 'software' }), 'edge', 4096)).toBe(64)
  expect(sizeOf(card(undefined), 'edge', 4096)).toBe(4096)
})
