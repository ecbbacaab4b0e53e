import { expect, test } from 'bun:test'
import { stillAtIt } from '../../../lib/cli/still-at-it.ts'

test('whoever waits is told what goes on, again and again and no more once it is over', async () => {
  const told: string[] = []
  const beats = (of: string) =>
    told.filter((line) => line.startsWith('  still at it after ') && line.endsWith(`: ${of}\n`))
  const work = stillAtIt((text) => void told.push(text), 2)
  try {
    work.tell('3 runs')
    let done = 0
    work.doing(() => `${done} of 3`)
    while (beats('0 of 3').length < 2) await Bun.sleep(1)
    done = 1
    while (beats('1 of 3').length < 1) await Bun.sleep(1)
    expect(told[0]).toBe('  3 runs\n')
  } finally {
    work.end()
  }
  const count = told.length
  await Bun.sleep(10)
  expect(told).toHaveLength(count)
})
