import type { RunEvent } from '../../../lib/record/event.ts'
import { type TerminalOptions, terminalView } from '../../../lib/report/terminal.ts'
import type { Passing } from '../../../lib/run/observe.ts'
import { fakeClock } from '../../rig.ts'
import { runEnded, started, stepEnded, stepStarted } from './events.ts'

export const at = '2026-11-21T07:16:02.000Z'

/** A view whose time the test turns and whose writes it keeps. */
export function viewed(options: Partial<TerminalOptions> = {}) {
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

export const heading = started([
  ['service', 'object store'],
  ['step', 'upload sample images'],
  ['step', 'stage 1: augment, polling'],
  ['check', 'stage 1 wrote every image and a valid manifest'],
  ['measure', 'speed'],
  ['step', 'publish'],
  ['step', 'crash'],
])
export const ready = {
  event: 'service',
  at,
  name: 'object store',
  state: 'ready',
  detail: 'embedded, 127.0.0.1:41873',
  duration: 0.031,
} as const

/** A run with something of everything. */
export const story: readonly (RunEvent | Passing)[] = [
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
