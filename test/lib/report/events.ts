import fc from 'fast-check'
import type {
  Heading,
  Outcome,
  RunEnded,
  RunEvent,
  RunStarted,
  StepEnded,
  StepStarted,
} from '../../../lib/record/event.ts'
import { type RunRecord, recordOf } from '../../../lib/record/run-record.ts'

const at = '2026-11-21T07:16:02.000Z'

/** The first event of a small plan's journal: `['step', 'upload', ['store']]` is a step that needs a service. */
export function started(
  nodes: readonly (readonly [kind: Heading['nodes'][number]['kind'], name: string])[],
  more: Partial<Heading> = {},
): RunStarted {
  return {
    event: 'run-started',
    schema: 1,
    at,
    plan: 'small',
    kind: 'functional',
    title: 'A small plan',
    run: '20261121-071602-k3x9',
    params: { sizes: '720p', images: 'samples' },
    tags: [],
    again: 'bun run plan small',
    nodes: nodes.map(([kind, name]) => ({ kind, name, needs: [] })),
    environment: {
      host: 'box',
      cpu: 'Fast CPU, 3 GHz',
      cores: 2,
      memory: 8e9,
      os: 'Linux 6',
      bun: '1.4.5',
      commit: 'abc123',
      dirty: false,
    },
    ...more,
  }
}

export function stepStarted(step: string, more: Partial<StepStarted> = {}): StepStarted {
  return { event: 'step-started', at, step, attempt: 1, ...more }
}

export function stepEnded(step: string, outcome: Outcome, more: Partial<StepEnded> = {}): StepEnded {
  const attempts = outcome === 'skipped' ? 0 : 1
  const ran = attempts > 0 ? { started: at } : {}
  return { event: 'step-ended', at, step, outcome, duration: attempts && 1.5, attempts, ...ran, ...more }
}

export function runEnded(outcome: Outcome, more: Partial<RunEnded> = {}): RunEnded {
  const exit = outcome === 'passed' ? 0 : outcome === 'failed' ? 1 : 2
  return { event: 'run-ended', at, outcome, exit, duration: 5.6, ...more }
}

export function recorded(...events: readonly RunEvent[]): RunRecord {
  const record = recordOf(events)
  if (record === undefined) throw new Error('no run-started among the events')
  return record
}

const unit = fc.oneof(
  fc.constantFrom(
    '=',
    '+',
    '-',
    '@',
    '＝',
    '﹢',
    '\u2212',
    "'",
    '"',
    ',',
    ';',
    '\t',
    '\r',
    '\n',
    ' ',
    '\ufeff',
    '\u0000',
    '\u001b[31m',
    '\u202e',
    '<',
    '&',
    ']]>',
  ),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
)
/** Text that breaks careless writers: formulas, quotes, control characters, halves of surrogate pairs. */
export const nasty = fc.string({ unit, maxLength: 12 })

const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const outcome = fc.constantFrom<Outcome>('passed', 'failed', 'errored', 'skipped', 'aborted')

const finding = fc.record(
  {
    name: nasty,
    verdict: fc.constantFrom('pass', 'fail', 'undecided'),
    reason: nasty,
    expected: nasty,
    actual: number,
  },
  { requiredKeys: ['name', 'verdict'] },
)
const metric = fc.record(
  {
    name: nasty,
    unit: nasty,
    better: fc.constantFrom('higher', 'lower'),
    samples: fc.array(number, { minLength: 1, maxLength: 5 }),
    low: number,
    high: number,
    verdict: fc.constantFrom('pass', 'marginal', 'fail', 'undecided', 'recorded'),
  },
  { requiredKeys: ['name', 'unit', 'better', 'samples', 'verdict'] },
)

const step = fc.record(
  {
    name: nasty,
    kind: fc.constantFrom('step', 'check', 'measure'),
    outcome,
    reason: nasty,
    stack: nasty,
    duration: fc.double({ min: 0, max: 1e6, noNaN: true }),
    findings: fc.array(finding, { minLength: 1, maxLength: 3 }),
    metrics: fc.array(metric, { maxLength: 3 }),
    begun: fc.boolean(),
    over: fc.boolean(),
  },
  { requiredKeys: ['name', 'kind', 'outcome', 'duration', 'begun', 'over'] },
)

/** The journal of any run: finished or not, with anything for a name. */
export const anyJournal: fc.Arbitrary<readonly RunEvent[]> = fc
  .record({
    steps: fc.uniqueArray(step, { selector: ({ name }) => name, maxLength: 5 }),
    title: nasty,
    params: fc.dictionary(nasty, nasty, { maxKeys: 3, noNullPrototype: true }),
    cpu: nasty,
    over: fc.boolean(),
    outcome,
  })
  .map(({ steps, title, params, cpu, over, outcome }) => {
    const first = started(
      steps.map(({ kind, name }) => [kind, name]),
      { title, params },
    )
    const middle = steps.flatMap(({ name, begun, over, outcome, duration, ...more }): readonly RunEvent[] => {
      const { kind, reason, stack, findings, metrics } = more
      const end = {
        duration,
        ...(reason !== undefined && { reason }),
        ...(stack !== undefined && { stack }),
        ...(kind === 'check' && findings !== undefined && { findings }),
        ...(kind === 'measure' && metrics !== undefined && { metrics }),
      }
      return [...(begun ? [stepStarted(name)] : []), ...(over ? [stepEnded(name, outcome, end)] : [])]
    })
    const environment = { ...first.environment, cpu }
    return [{ ...first, environment }, ...middle, ...(over ? [runEnded(outcome)] : [])]
  })
