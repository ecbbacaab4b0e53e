import { expect, test } from 'bun:test'
import type { Findings } from '../../../lib/torture/judge.ts'
import { findingsText, inFlightText, tableText } from '../../../lib/torture/table.ts'
import type { Done } from '../../../lib/torture/torture.ts'

const none: Findings = { lost: [], orphans: [], falseGreens: [], torn: [], wrong: [] }

function done(index: number, victim: 'runner' | 'all', findings: Partial<Findings> = {}): Done {
  return {
    kill: { index, attempt: 0, victim, moment: { kind: 'between', line: 7, afterMs: 12 }, tear: index === 2 },
    inFlight: { step: true, service: index > 0, program: false },
    findings: { ...none, ...findings },
    seconds: 1.5,
    folder: `/tmp/kill-${index}-0`,
    misses: { late: 1, nobody: 0 },
  }
}

const tortured = {
  done: [
    done(0, 'runner'),
    done(1, 'all', { orphans: ['77: sleep 60'], wrong: Array.from({ length: 9 }, (_, at) => `place ${at}`) }),
    done(2, 'runner', { lost: ['line 3'] }),
  ],
  missed: [],
}

test('the table has a line a victim and one for all, and counts kills and not findings', () => {
  expect(`\n${tableText(tortured, ['runner', 'all'])}`).toBe(`
  victim  kills  resumed right  results lost  orphans  false greens  torn lines
  runner      2              2             1        0             0           0
  all         1              0             0        1             0           0
  in all      3              2             1        1             0           0
`)
  expect(inFlightText(tortured)).toBe('a step 3 times, a program 0, a service 2, nothing 0')
})

test('what was found is told kill for kill, not too much of it, with the command that does it again', () => {
  expect(findingsText(tortured, 'bun run torture a --seed 1 --only', true)).toBe(`
  kill 1 · all, 12 ms after line 7
    orphan: 77: sleep 60
    not right: place 0
    not right: place 1
    not right: place 2
    not right: place 3
    not right: place 4
    not right: place 5
    not right: … and 3 more
    again: bun run torture a --seed 1 --only 1
    kept: /tmp/kill-1-0

  kill 2 · runner, 12 ms after line 7, and half a line
    lost: line 3
    again: bun run torture a --seed 1 --only 2
    kept: /tmp/kill-2-0
`)
})
