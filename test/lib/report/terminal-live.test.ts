import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { emulator } from './emulator.ts'
import { anyJournal, started, stepEnded, stepStarted } from './events.ts'
import { at, heading, ready, story, viewed } from './viewed.ts'

/** What is left of the story on a screen of so many columns. */
const screens: Readonly<Record<number, string>> = {
  40: `  small · A small plan
  → writes to s3.example/raw
  ✓ object store                  31 ms
      embedded, 127.0.0.1:41873
  ✓ upload sample images         140 ms
      12 of 12 images
  ↻ stage 1: augment, polling: attempt
    1 did not pass: connection reset;
    attempt 2
  ✓ stage 1: augment, poll…  2 min 05 s
      2 attempts
  ✗ stage 1 wrote every image and a va…
      1 of 3 checks failed, 1 undecided
      ✗ objects: expected 12, found 11
      ? order: the store tells none
  ✓ speed                         1.5 s
      ✓ rate  45.46 img/s  n 3  pass
      ? wait  3 ms         n 1 
        undecided
  ! crash                         1.5 s
      x is not a function
      at work (plan.ts:3:4)
      at more (b.ts:1:1)
      │ opening raw/1.jpg
      │  55%
      log:
      runs/small/20261121-071602-k3x9/lo
g.txt
  – publish
      because crash errored
  failed · 4 steps (1 errored, 1
  skipped), 3 checks (1 failed, 1
  undecided), 1 measure (1 undecided) ·
  5.6 s ·
  runs/small/20261121-071602-k3x9
  smallest change this run could have
  seen: 8 %; noise floor not measured:
  bun run noise
  go on: bun run plan small --resume
  again: bun run plan small`,
  80: `  small · A small plan
  → writes to s3.example/raw
  ✓ object store                             embedded, 127.0.0.1:41873    31 ms
  ✓ upload sample images                     12 of 12 images             140 ms
  ↻ stage 1: augment, polling: attempt 1 did not pass: connection reset;
    attempt 2
  ✓ stage 1: augment, polling                2 attempts              2 min 05 s
  ✗ stage 1 wrote every image and a valid manifest
      1 of 3 checks failed, 1 undecided
      ✗ objects: expected 12, found 11
      ? order: the store tells none
  ✓ speed                                                                 1.5 s
      ✓ rate  45.46 img/s  n 3  pass
      ? wait  3 ms         n 1  undecided
  ! crash                                                                 1.5 s
      x is not a function
      at work (plan.ts:3:4)
      at more (b.ts:1:1)
      │ opening raw/1.jpg
      │  55%
      log: runs/small/20261121-071602-k3x9/log.txt
  – publish                                  because crash errored
  failed · 4 steps (1 errored, 1 skipped), 3 checks (1 failed, 1 undecided), 1
  measure (1 undecided) · 5.6 s · runs/small/20261121-071602-k3x9
  smallest change this run could have seen: 8 %; noise floor not measured: bun
  run noise
  go on: bun run plan small --resume
  again: bun run plan small`,
  120: `  small · A small plan
  → writes to s3.example/raw
  ✓ object store                                    embedded, 127.0.0.1:41873                                     31 ms
  ✓ upload sample images                            12 of 12 images                                              140 ms
  ↻ stage 1: augment, polling: attempt 1 did not pass: connection reset; attempt 2
  ✓ stage 1: augment, polling                       2 attempts                                               2 min 05 s
  ✗ stage 1 wrote every image and a valid manifest  1 of 3 checks failed, 1 undecided
      ✗ objects: expected 12, found 11
      ? order: the store tells none
  ✓ speed                                                                                                         1.5 s
      ✓ rate  45.46 img/s  n 3  pass
      ? wait  3 ms         n 1  undecided
  ! crash                                                                                                         1.5 s
      x is not a function
      at work (plan.ts:3:4)
      at more (b.ts:1:1)
      │ opening raw/1.jpg
      │  55%
      log: runs/small/20261121-071602-k3x9/log.txt
  – publish                                         because crash errored
  failed · 4 steps (1 errored, 1 skipped), 3 checks (1 failed, 1 undecided), 1 measure (1 undecided) · 5.6 s ·
  runs/small/20261121-071602-k3x9
  smallest change this run could have seen: 8 %; noise floor not measured: bun run noise
  go on: bun run plan small --resume
  again: bun run plan small`,
}

describe('a run on a terminal', () => {
  test.each([40, 80, 120])('of %d columns leaves the same lines as elsewhere, none of them broken', async (columns) => {
    const screen = emulator(columns)
    const { see, view, clock } = viewed({ isTTY: true, color: true, columns: () => columns, write: screen.write })
    for (const event of story) {
      see(event)
      clock.tick(37)
    }
    view.close()
    // Only the path of the log, which stays whole so that it can be copied.
    expect(await screen.wrapped()).toBe(columns === 40 ? 1 : 0)
    expect((await screen.cursor()).column).toBe(0)
    const lines = await screen.lines()
    expect(lines.filter((line) => /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(line))).toEqual([])
    expect(lines.join('\n')).toBe(screens[columns] ?? '')
  })

  test('shows what runs, how far it is and for how long, under what has ended', async () => {
    const screen = emulator(60)
    const { see, clock } = viewed({ isTTY: true, columns: () => 60, write: screen.write })
    see(heading, { event: 'service', at, name: 'object store', state: 'starting' })
    clock.tick(3_050)
    expect(await screen.lines()).toEqual([
      '  small · A small plan',
      '  ⠋ object store                                        3 s',
    ])
    see(ready, stepStarted('upload sample images'), stepStarted('crash'))
    see({ event: 'progress', step: 'upload sample images', text: '12 images of 漢字漢字漢字漢字漢字漢字' })
    clock.tick(65_100)
    expect(await screen.lines()).toEqual([
      '  small · A small plan',
      '  ✓ object store                                      31 ms',
      '      embedded, 127.0.0.1:41873',
      '  ⠙ upload sample images           12 images o…  1 min 05 s',
      '  ⠙ crash                                        1 min 05 s',
    ])
    see(stepEnded('crash', 'passed', { duration: 65 }))
    clock.tick(100)
    expect(await screen.lines()).toEqual([
      '  small · A small plan',
      '  ✓ object store                                      31 ms',
      '      embedded, 127.0.0.1:41873',
      '  ✓ crash                                        1 min 05 s',
      '  ⠹ upload sample images           12 images o…  1 min 05 s',
    ])
    expect(await screen.wrapped()).toBe(0)
  })

  test('keeps what steps log above what runs', async () => {
    const screen = emulator(60)
    const { see, clock } = viewed({ isTTY: true, verbose: true, columns: () => 60, write: screen.write })
    see(heading, stepStarted('crash'))
    for (const line of ['one', 'two', 'three']) see({ event: 'log', step: 'crash', line })
    clock.tick(100)
    expect(await screen.lines()).toEqual([
      '  small · A small plan',
      '      crash │ one',
      '      crash │ two',
      '      crash │ three',
      '  ⠙ crash',
    ])
  })

  test('names eight of many that run, and counts the rest', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `step ${index}`)
    const screen = emulator(40)
    const { see, clock } = viewed({ isTTY: true, columns: () => 40, write: screen.write })
    see(started(names.map((name) => ['step', name])), ...names.map((name) => stepStarted(name)))
    clock.tick(100)
    const lines = await screen.lines()
    expect(lines).toHaveLength(10)
    expect(lines.at(-1)).toBe('    … and 22 more')
  })

  test('is drawn at most ten times a second, however much happens', () => {
    const { see, clock, writes } = viewed({ isTTY: true })
    see(heading, stepStarted('publish'))
    for (let index = 0; index < 1000; index++) {
      see(
        { event: 'progress', step: 'publish', text: String(index) },
        stepStarted('crash'),
        stepEnded('crash', 'passed'),
      )
      clock.tick(1)
    }
    expect(writes.length).toBeGreaterThan(8)
    expect(writes.length).toBeLessThanOrEqual(12)
    expect(writes.join('').split('✓ crash')).toHaveLength(1001)
  })

  test('shows an announcement before anything else happens', () => {
    const { see, writes } = viewed({ isTTY: true })
    see(heading, { event: 'announced', at, text: 'writes to s3.example/raw' })
    expect(Bun.stripANSI(writes.join(''))).toContain('→ writes to s3.example/raw\n')
  })

  test('loses nothing that has ended when the terminal is made narrower', async () => {
    let columns = 80
    const screen = emulator(columns)
    const { see, clock } = viewed({ isTTY: true, columns: () => columns, write: screen.write })
    see(heading, stepEnded('upload sample images', 'passed'), stepStarted('crash'), stepStarted('publish'))
    clock.tick(5_000)
    columns = 50
    await screen.resize(columns)
    clock.tick(100)
    const lines = await screen.lines()
    expect(lines[0]).toBe('  small · A small plan')
    expect(lines[1]?.trim()).toBe('✓ upload sample images')
    expect(lines.slice(-2)).toEqual([
      '  ⠙ crash                                     5 s',
      '  ⠙ publish                                   5 s',
    ])
  })

  test('is clean again when it is closed in the middle of a run', async () => {
    const screen = emulator(60)
    const { see, view, clock } = viewed({ isTTY: true, columns: () => 60, write: screen.write })
    see(heading, stepStarted('crash'), stepStarted('publish'))
    clock.tick(500)
    view.close()
    clock.tick(10_000)
    screen.write('$ ')
    expect(await screen.lines()).toEqual(['  small · A small plan', '$'])
  })

  test('of any run, breaks no line of a step at any width', async () => {
    await fc.assert(
      fc.asyncProperty(anyJournal, fc.integer({ min: 30, max: 130 }), async (events, columns) => {
        const longest: number[] = []
        const { see, clock } = viewed({
          isTTY: true,
          columns: () => columns,
          write: (text) => {
            for (const line of Bun.stripANSI(text).split(/[\r\n]+/))
              if (/^ {2}[✓✗!–⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /.test(line)) longest.push(Bun.stringWidth(line))
          },
        })
        for (const event of events) {
          see(event)
          clock.tick(60)
        }
        expect(longest.filter((width) => width >= columns)).toEqual([])
      }),
    )
  })
})
