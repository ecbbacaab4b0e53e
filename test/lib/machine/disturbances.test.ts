import { describe, expect, test } from 'bun:test'
import { lookAtDarwin } from '../../../lib/machine/darwin.ts'
import { disturbancesBetween } from '../../../lib/machine/disturbances.ts'
import type { Look } from '../../../lib/machine/look.ts'

const before: Look = {
  at: 100,
  cores: 4,
  busy: 500,
  stolen: 2,
  own: 10,
  governors: ['performance', 'performance'],
  clock: 4e9,
  heat: [5, 0],
  swapped: { out: 7, in: 7 },
  quota: { times: 3, seconds: 0.2 },
  memoryStall: 1,
}

/** Ten seconds later, of which this run has used ten core seconds. */
const after: Look = { ...before, at: 110, busy: 510, own: 20 }

describe('between two looks', () => {
  test('a machine left alone tells nothing', () => {
    expect(disturbancesBetween(before, after)).toEqual([])
  })

  test.each<readonly [string, Partial<Look>, readonly string[]]>([
    ['a little of others', { busy: 511.9 }, []],
    ['load of others', { busy: 518 }, ['load: other programs used 0.8 of 4 cores']],
    ['less work than was ours', { busy: 505 }, []],
    ['a little stolen', { stolen: 2.06 }, []],
    ['steal', { stolen: 2.5 }, ['steal: the hypervisor kept back 4.8 % of the CPU time']],
    [
      'a governor',
      { governors: ['powersave', 'performance', 'powersave'] },
      ['governor: the clock of the cores changes with their load (powersave)'],
    ],
    ['a clock about as before', { clock: 3.7e9 }, []],
    ['a slower clock', { clock: 3.1e9 }, ['frequency: the clock went from 4.00 to 3.10 GHz']],
    ['a faster clock', { clock: 4.5e9 }, ['frequency: the clock went from 4.00 to 4.50 GHz']],
    ['heat', { heat: [6, 0] }, ['heat: 1 core of 4 slowed down to cool']],
    ['heat of all', { heat: [6, 9] }, ['heat: 2 cores of 4 slowed down to cool']],
    ['swapping', { swapped: { out: 8, in: 19 } }, ['swapping: 1 page went to swap, 12 came back from it']],
    [
      'a quota',
      { quota: { times: 5, seconds: 0.45 } },
      ['quota: a quota on the CPU stopped programs 2 times, for 0.25 s'],
    ],
    ['a moment without memory', { memoryStall: 1.05 }, []],
    ['a want of memory', { memoryStall: 2.5 }, ['memory: some program waited for memory 15 % of the time']],
  ])('%s', (_, change, expected) => {
    const found = disturbancesBetween(before, { ...after, ...change })
    expect(found.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([...expected])
  })

  test('what a machine does not show is never told of it', () => {
    expect(disturbancesBetween({ at: 1, cores: 2 }, { at: 2, cores: 2 })).toEqual([])
    // As when a counter is there at one look only.
    expect(disturbancesBetween({ at: 1, cores: 2 }, after)).toEqual([])
  })

  test('a moment too short for the kernel’s hundredths tells of no load', () => {
    expect(disturbancesBetween(before, { ...before, at: 100.02, busy: 500.02 })).toEqual([])
  })
})

describe('a look at macOS', () => {
  const vm = (out: number) =>
    `Mach Virtual Memory Statistics: (page size of 16384 bytes)\nSwapins:       12.\nSwapouts:      ${out}.\n`
  const ps = (other: string, child: string) =>
    `    1     0   0:10.00\n  400     1   0:02.50\n  401   400   ${child}\n  500     1 ${other}\n`

  test('takes what descends from this process for its own', () => {
    const [from, to] = [
      lookAtDarwin(0, 8, ps('1:00:00.00', '0:01.00'), vm(3), 400),
      lookAtDarwin(10, 8, ps('1:00:06.00', '0:09.00'), vm(5), 400),
    ]
    expect(from).toEqual({ at: 0, cores: 8, busy: 3613.5, own: 3.5, swapped: { in: 12, out: 3 } })
    expect(disturbancesBetween(from, to).map(({ text }) => text)).toEqual([
      'other programs used 0.6 of 8 cores',
      '2 pages went to swap, 0 came back from it',
    ])
  })

  test('is silent where the programs it asks are', () => {
    expect(disturbancesBetween(lookAtDarwin(0, 8, '', '', 1), lookAtDarwin(9, 8, '', '', 1))).toEqual([])
  })
})
