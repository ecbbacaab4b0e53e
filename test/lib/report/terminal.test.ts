import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { RunEvent } from '../../../lib/record/event.ts'
import type { Passing } from '../../../lib/run/observe.ts'
import { anyJournal, runEnded, stepEnded, stepStarted } from './events.ts'
import { inFolder } from './outside.ts'
import { heading, ready, story, viewed } from './viewed.ts'

describe('a run on something that is no terminal', () => {
  test('is a plain line a step, with what is wrong under it and the count at the end', () =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'log.txt'), 'anything')
      for (const name of ['journal.jsonl', 'results.csv']) writeFileSync(join(folder, name), '')
      const { see, view, text } = viewed({ pathOf: () => folder })
      see(...story)
      view.close()
      expect(text().replaceAll(folder, 'RUN')).toBe(
        `  small · A small plan
  → writes to s3.example/raw
  ✓ object store                             embedded, 127.0.0.1:41873    31 ms
  ✓ upload sample images                     12 of 12 images             140 ms
  ↻ stage 1: augment, polling: attempt 1 did not pass: connection reset; attempt 2
  ✓ stage 1: augment, polling                2 attempts              2 min 05 s
  ✗ stage 1 wrote every image and a valid manifest  1 of 3 checks failed, 1 undecided
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
      log: RUN/log.txt
  – publish                                  because crash errored
  failed · 4 steps (1 errored, 1 skipped), 3 checks (1 failed, 1 undecided), 1 measure (1 undecided) · 5.6 s · RUN
  smallest change this run could have seen: 8 %; noise floor not measured: bun run noise
  go on: bun run plan small --resume
  again: bun run plan small      results: results.csv  journal.jsonl
  page: bun run report 20261121-071602-k3x9 --html report.html
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

  test('does not tell of a service that found nothing as of one that is up', () => {
    const { see, text } = viewed()
    see(heading, { ...ready, detail: 'none', absent: true })
    expect(text()).toBe(`  small · A small plan
  – object store                             none                         31 ms
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
    expect(writes.at(-1)).toBe('  … publish                                  still running, 3 of 9         10 s\n')
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
