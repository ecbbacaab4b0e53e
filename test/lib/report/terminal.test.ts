import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { RunEvent } from '../../../lib/record/event.ts'
import { type TerminalOptions, terminalView } from '../../../lib/report/terminal.ts'
import type { Passing } from '../../../lib/run/observe.ts'
import { fakeClock } from '../../rig.ts'
import { emulator } from './emulator.ts'
import { anyJournal, runEnded, started, stepEnded, stepStarted } from './events.ts'
import { inFolder } from './outside.ts'

const at = '2026-11-21T07:16:02.000Z'

/** A view whose time the test turns and whose writes it keeps. */
function viewed(options: Partial<TerminalOptions> = {}) {
  const clock = fakeClock()
  const writes: string[] = []
  const view = terminalView({
    write: (text) => void writes.push(text),
    isTTY: false,
    columns: () => 80,
    color: false,
    verbose: false,
    explain: false,
    pathOf: (plan, run) => `runs/${plan}/${run}`,
    clock,
    ...options,
  })
  const see = (...events: readonly (RunEvent | Passing)[]) => {
    for (const event of events) view.observe(event)
  }
  return { clock, writes, view, see, text: () => writes.join('') }
}

const heading = started([
  ['service', 'object store'],
  ['step', 'upload sample images'],
  ['step', 'stage 1: augment, polling'],
  ['check', 'stage 1 wrote every image and a valid manifest'],
  ['measure', 'speed'],
  ['step', 'publish'],
  ['step', 'crash'],
])
const ready = {
  event: 'service',
  at,
  name: 'object store',
  state: 'ready',
  detail: 'embedded, 127.0.0.1:41873',
  duration: 0.031,
} as const

const story: readonly (RunEvent | Passing)[] = [
  heading,
  { event: 'announced', at, text: 'writes to s3.example/raw' },
  { event: 'service', at, name: 'object store', state: 'starting' },
  ready,
  stepStarted('upload sample images'),
  { event: 'progress', step: 'upload sample images', text: '7 of 12 images' },
  { event: 'progress', step: 'upload sample images', text: '12 of 12 images' },
  stepEnded('upload sample images', 'passed', { duration: 0.14 }),
  stepStarted('stage 1: augment, polling'),
  stepStarted('stage 1: augment, polling', { attempt: 2, because: 'attempt 1 did not pass: connection reset' }),
  stepEnded('stage 1: augment, polling', 'passed', { duration: 125, attempts: 2 }),
  stepStarted('stage 1 wrote every image and a valid manifest'),
  stepEnded('stage 1 wrote every image and a valid manifest', 'failed', {
    duration: 0.01,
    reason: 'objects: expected 12, found 11',
    findings: [
      { name: 'objects', verdict: 'fail', expected: 12, actual: 11 },
      { name: 'manifest', verdict: 'pass' },
      { name: 'order', verdict: 'undecided', reason: 'the store tells none' },
    ],
  }),
  stepStarted('speed'),
  stepEnded('speed', 'passed', {
    metrics: [
      { name: 'rate', unit: 'img/s', better: 'higher', samples: [45.4567, 45, 46], verdict: 'pass' },
      { name: 'wait', unit: 'ms', better: 'lower', samples: [3], high: 2, verdict: 'undecided' },
    ],
  }),
  stepStarted('crash'),
  { event: 'log', step: 'crash', line: 'opening \u001b[31mraw/1.jpg\u001b[0m\u0007' },
  { event: 'log', step: 'crash', line: ' 10%\r 55%\r' },
  stepEnded('crash', 'errored', {
    reason: 'x is not a function',
    stack: 'TypeError: x is not a function\n    at work (plan.ts:3:4)\n    at more (b.ts:1:1)',
  }),
  stepEnded('publish', 'skipped', { reason: 'because crash errored' }),
  { event: 'service', at, name: 'object store', state: 'stopped' },
  runEnded('failed', { exit: 1 }),
]

describe('a run on something that is no terminal', () => {
  test('is a plain line a step, with what is wrong under it and the count at the end', () =>
    inFolder((folder) => {
      mkdirSync(join(folder, 'logs'))
      writeFileSync(join(folder, 'logs', '06-crash.log'), 'anything')
      for (const name of ['journal.jsonl', 'results.csv']) writeFileSync(join(folder, name), '')
      const { see, view, text } = viewed({ pathOf: () => folder })
      see(...story)
      view.close()
      expect(text().replaceAll(folder, 'RUN')).toBe(
        `  small · A small plan
  → writes to s3.example/raw
  ✓ object store                  embedded, 127.0.0.1:41873               31 ms
  ✓ upload sample images          12 of 12 images                        140 ms
  ↻ stage 1: augment, polling: attempt 1 did not pass: connection reset; attempt 2
  ✓ stage 1: augment, polling     2 attempts                         2 min 05 s
  ✗ stage 1 wrote every image and a valid manifest  1 of 3 checks failed, 1 undecided
      ✗ objects: expected 12, found 11
      ? order: the store tells none
  ✓ speed                         rate 45.46 img/s (n 3), wait 3 ms (n 1) undecided  1.5 s
  ! crash                                                                 1.5 s
      x is not a function
      at work (plan.ts:3:4)
      at more (b.ts:1:1)
      │ opening raw/1.jpg
      │  55%
      log: RUN/logs/06-crash.log
  – publish                       because crash errored
  failed · 4 steps (1 errored, 1 skipped), 3 checks (1 failed, 1 undecided), 1 measure (1 undecided) · 5.6 s · RUN
  again: bun run plan small      results: results.csv  journal.jsonl
`,
      )
    }))

  test('says what was reused, and why when asked', () => {
    const { see, text } = viewed({ explain: true })
    const reused = { reused: true, attempts: 0, because: 'its inputs are unchanged' } as const
    see(
      heading,
      stepEnded('upload sample images', 'passed', reused),
      stepStarted('publish', { because: 'its inputs changed: raw' }),
      stepEnded('publish', 'passed'),
    )
    expect(text()).toBe(`  small · A small plan
  ✓ upload sample images                                                 reused
      because its inputs are unchanged
  ✓ publish                                                               1.5 s
      because its inputs changed: raw
`)
  })

  test('shows what steps log when asked, and nothing of it else', () => {
    const line: Passing = { event: 'log', step: 'publish', line: 'put \u001b]0;title\u0007a' }
    const loud = viewed({ verbose: true })
    loud.see(heading, stepStarted('publish'), line)
    expect(loud.text()).toEndWith('      publish │ put a\n')
    const quiet = viewed()
    quiet.see(heading, stepStarted('publish'), line)
    expect(quiet.text()).toBe('  small · A small plan\n')
  })

  test('hears that a long step goes on, ever less often', () => {
    const { see, clock, writes } = viewed()
    see(heading, stepStarted('publish'), { event: 'progress', step: 'publish', text: '3 of 9' })
    clock.tick(9_000)
    expect(writes).toHaveLength(1)
    clock.tick(1_000)
    expect(writes.at(-1)).toBe('  … publish                       still running, 3 of 9                    10 s\n')
    clock.tick(75_000)
    expect(writes.slice(2).map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual(['20 s', '40 s', '1 min 20 s'])
    see(stepEnded('publish', 'passed'))
    const before = writes.length
    clock.tick(600_000)
    expect(writes).toHaveLength(before)
  })

  test('names the first twenty findings that failed and counts the rest', () => {
    const { see, text } = viewed()
    const findings = Array.from({ length: 23 }, (_, index) => ({ name: `f${index}`, verdict: 'fail' as const }))
    see(heading, stepEnded('stage 1 wrote every image and a valid manifest', 'failed', { findings }))
    expect(text()).toContain('f19: ')
    expect(text()).not.toContain('f20: ')
    expect(text()).toContain('      … and 3 more\n')
  })

  test('writes colours only where they are wanted, and no other control characters whatever a run holds', () => {
    const shown = (color: boolean, events: readonly RunEvent[]) => {
      const { see, view, text } = viewed({ color })
      see(...events)
      view.close()
      return text()
    }
    fc.assert(
      fc.property(anyJournal, (events) => {
        expect(shown(false, events)).not.toMatch(/[^\P{C}\n\p{Cf}\p{Co}\p{Cn}]/u)
        expect(Bun.stripANSI(shown(true, events))).toBe(shown(false, events))
      }),
    )
  })
})

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
      rate 45.46 img/s (n 3), wait 3 ms
      (n 1) undecided
  ! crash                         1.5 s
      x is not a function
      at work (plan.ts:3:4)
      at more (b.ts:1:1)
      │ opening raw/1.jpg
      │  55%
  – publish
      because crash errored
  failed · 4 steps (1 errored, 1
  skipped), 3 checks (1 failed, 1
  undecided), 1 measure (1 undecided) ·
  5.6 s ·
  runs/small/20261121-071602-k3x9
  again: bun run plan small`,
  80: `  small · A small plan
  → writes to s3.example/raw
  ✓ object store                  embedded, 127.0.0.1:41873               31 ms
  ✓ upload sample images          12 of 12 images                        140 ms
  ↻ stage 1: augment, polling: attempt 1 did not pass: connection reset;
    attempt 2
  ✓ stage 1: augment, polling     2 attempts                         2 min 05 s
  ✗ stage 1 wrote every image and a valid manifest
      1 of 3 checks failed, 1 undecided
      ✗ objects: expected 12, found 11
      ? order: the store tells none
  ✓ speed                                                                 1.5 s
      rate 45.46 img/s (n 3), wait 3 ms (n 1) undecided
  ! crash                                                                 1.5 s
      x is not a function
      at work (plan.ts:3:4)
      at more (b.ts:1:1)
      │ opening raw/1.jpg
      │  55%
  – publish                       because crash errored
  failed · 4 steps (1 errored, 1 skipped), 3 checks (1 failed, 1 undecided), 1
  measure (1 undecided) · 5.6 s · runs/small/20261121-071602-k3x9
  again: bun run plan small`,
  120: `  small · A small plan
  → writes to s3.example/raw
  ✓ object store                  embedded, 127.0.0.1:41873                                                       31 ms
  ✓ upload sample images          12 of 12 images                                                                140 ms
  ↻ stage 1: augment, polling: attempt 1 did not pass: connection reset; attempt 2
  ✓ stage 1: augment, polling     2 attempts                                                                 2 min 05 s
  ✗ stage 1 wrote every image and a valid manifest  1 of 3 checks failed, 1 undecided
      ✗ objects: expected 12, found 11
      ? order: the store tells none
  ✓ speed                         rate 45.46 img/s (n 3), wait 3 ms (n 1) undecided                               1.5 s
  ! crash                                                                                                         1.5 s
      x is not a function
      at work (plan.ts:3:4)
      at more (b.ts:1:1)
      │ opening raw/1.jpg
      │  55%
  – publish                       because crash errored
  failed · 4 steps (1 errored, 1 skipped), 3 checks (1 failed, 1 undecided), 1 measure (1 undecided) · 5.6 s ·
  runs/small/20261121-071602-k3x9
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
    expect(await screen.wrapped()).toBe(0)
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
      '  ⠙ upload sample images          12 images of…  1 min 05 s',
      '  ⠙ crash                                        1 min 05 s',
    ])
    see(stepEnded('crash', 'passed', { duration: 65 }))
    clock.tick(100)
    expect(await screen.lines()).toEqual([
      '  small · A small plan',
      '  ✓ object store                                      31 ms',
      '      embedded, 127.0.0.1:41873',
      '  ✓ crash                                        1 min 05 s',
      '  ⠹ upload sample images          12 images of…  1 min 05 s',
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

describe('a view', () => {
  test.each([true, false])('never throws into the run it shows (on a terminal: %p)', (isTTY) => {
    let open = true
    const { see, view, clock } = viewed({
      isTTY,
      write: () => {
        if (!open) throw new Error('EPIPE')
      },
    })
    see(heading, stepStarted('crash'))
    open = false
    see(stepEnded('crash', 'passed'), ...story)
    clock.tick(20_000)
    view.close()
  })

  test('that broke says so at the end', () => {
    const texts: string[] = []
    const { see, view } = viewed({
      write: (text) => void texts.push(text),
      pathOf: () => {
        throw new Error('no such place')
      },
    })
    see(heading, stepStarted('crash'), stepEnded('crash', 'passed'), runEnded('passed'))
    view.close()
    expect(texts.at(-1)).toBe('  The terminal view stopped early: no such place\n')
  })
})
