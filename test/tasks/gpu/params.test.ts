import { expect, test } from 'bun:test'
import { parseParams } from '../../../lib/plan/param.ts'
import { adapterParam } from '../../../tasks/gpu/params.ts'

test.each([
  ['Software', 'software'],
  [' HARDWARE ', 'hardware'],
  ['NVIDIA H200', 'NVIDIA H200'],
  ['My Software Card', 'My Software Card'],
])('the adapter %p is %p: words in any case, names as they are given', (given, adapter) => {
  expect(parseParams({ adapter: adapterParam() }, { adapter: given }, 'run')).toEqual({ adapter })
})

test('an adapter must be named', () => {
  expect(() => parseParams({ adapter: adapterParam() }, { adapter: ' ' }, 'run')).toThrow(
    "'adapter' must be hardware, software or part of an adapter's name",
  )
})
