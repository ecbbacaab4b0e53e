import { expect, test } from 'bun:test'
import { judgeUtilisation } from '../../../tasks/gpu/utilisation.ts'

const reasonsOf = (seen: Parameters<typeof judgeUtilisation>[0]) =>
  judgeUtilisation(seen).map((finding) => ('reason' in finding ? finding.reason : finding.verdict))

test('a card that is busy, has room and is cool is well used', () => {
  expect(reasonsOf({ busy: [60, 71, 90], memory: [90, 12, 90], temperature: [85, 84, 85] })).toEqual([
    'pass',
    'pass',
    'pass',
  ])
})

test('a card that waits, is full or is hot is warned of, by its worst moment', () => {
  const [busy, memory, temperature] = reasonsOf({
    busy: [60, 69, 90],
    memory: [50, 90.14, 10],
    temperature: [60, 86, 61],
  })
  expect(busy).toStartWith('it was busy 69 % of the time: ')
  expect(memory).toStartWith('it was 90.1 % full: ')
  expect(temperature).toStartWith('it was 86 °C hot: ')
})
