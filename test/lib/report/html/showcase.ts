import type { MetricRecord, RunEvent } from '../../../../lib/record/event.ts'
import type { PageInput } from '../../../../lib/report/html/page.ts'
import { repeatsOf } from '../../../../lib/report/html/repeats.ts'
import { recorded, runEnded, started, stepEnded, stepStarted } from '../events.ts'

const zero = Date.parse('2026-11-21T07:16:02.000Z')
const at = (seconds: number) => new Date(zero + seconds * 1000).toISOString()

/** Numbers that look measured and are the same every time. */
function noisy(n: number, middle: number, spread: number, seed: number): readonly number[] {
  let state = seed
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  return Array.from({ length: n }, () => middle * (1 + spread * (next() + next() + next() - 1.5)))
}

function rate(variant: string, middle: number, seed: number, more: Partial<MetricRecord> = {}): MetricRecord {
  return {
    name: `rate[${variant}]`,
    unit: 'img/s',
    better: 'higher',
    variant,
    samples: [...noisy(24, middle, 0.05, seed)],
    verdict: 'recorded',
    ...more,
  }
}

const metrics: readonly MetricRecord[] = [
  rate('1', 61, 3, { low: 40, verdict: 'pass', because: 'the interval lies above 40 img/s' }),
  rate('2', 44, 5, { low: 40, verdict: 'pass' }),
  rate('3', 39.6, 8, { low: 40, verdict: 'undecided', needed: 140, because: '40 img/s lies within the interval' }),
  rate('5', 24, 13, { low: 40, verdict: 'fail', because: 'the interval lies below 40 img/s' }),
  {
    name: 'total time',
    unit: 's',
    better: 'lower',
    samples: [...noisy(600, 3.2, 0.03, 21)],
    against: { kind: 'baseline', name: '20261120-071602-ab12', value: 3.1, high: 1.2 },
    ratio: { value: 1.03, low: 1.01, high: 1.05 },
    verdict: 'pass',
    warnings: [{ kind: 'bimodal', text: 'the samples gather at 3.1 and at 3.3 s' }],
    raw: 'steps/05-stage-2/samples.csv',
  },
  {
    name: 'p99',
    unit: 'ms',
    better: 'lower',
    quantile: 0.99,
    samples: [...noisy(40, 18, 0.2, 34)],
    high: 60,
    verdict: 'pass',
  },
]

/** Everything a run can have come to at once, for tests that look at a page. */
export const showcase: readonly RunEvent[] = [
  started(
    [
      ['service', 'object store'],
      ['step', 'upload sample images'],
      ['step', 'stage 1: augment, polling'],
      ['check', 'stage 1 wrote every image and a valid manifest'],
      ['step', 'stage 2: normalize, polling'],
      ['measure', 'stage 2 with 1, 2, 3 and 5 variants'],
      ['check', 'stage 2 wrote every size and a valid manifest'],
      ['step', 'publish'],
      ['step', '</script><img src=x onerror=alert(1)>'],
    ],
    {
      plan: 'performance-2',
      kind: 'performance',
      title: 'Stage 2 with 1 to 5 variants over common resolutions',
      again: 'bun run plan performance-2 --set images=40',
      environment: {
        host: 'box',
        cpu: 'Fast CPU, 3 GHz',
        cores: 2,
        memory: 8e9,
        os: 'Linux 6',
        bun: '1.4.5',
        machine: 'm1',
        detectable: [
          { n: 20, change: 0.018 },
          { n: 100, change: 0.006 },
        ],
        commit: 'abc123def4567890abc123def4567890abc12345',
        dirty: true,
      },
      nodes: [
        { kind: 'service', name: 'object store', needs: [] },
        { kind: 'step', name: 'upload sample images', needs: ['object store'] },
        { kind: 'step', name: 'stage 1: augment, polling', needs: ['object store', 'upload sample images'] },
        { kind: 'check', name: 'stage 1 wrote every image and a valid manifest', needs: ['stage 1: augment, polling'] },
        { kind: 'step', name: 'stage 2: normalize, polling', needs: ['object store', 'stage 1: augment, polling'] },
        { kind: 'measure', name: 'stage 2 with 1, 2, 3 and 5 variants', needs: ['stage 2: normalize, polling'] },
        {
          kind: 'check',
          name: 'stage 2 wrote every size and a valid manifest',
          needs: ['stage 2: normalize, polling'],
        },
        { kind: 'step', name: 'publish', needs: ['stage 2 wrote every size and a valid manifest'] },
        { kind: 'step', name: '</script><img src=x onerror=alert(1)>', needs: ['upload sample images'] },
      ],
    },
  ),
  { event: 'service', at: at(0), name: 'object store', state: 'starting' },
  {
    event: 'service',
    at: at(0.4),
    name: 'object store',
    state: 'ready',
    detail: 'embedded, 127.0.0.1:41873',
    duration: 0.4,
  },
  { event: 'announced', at: at(1), text: '3 requests to the object store were repeated' },
  stepStarted('upload sample images', { at: at(0.4) }),
  stepStarted('upload sample images', {
    at: at(0.6),
    attempt: 2,
    because: 'attempt 1 did not pass: the store answered 503 SlowDown',
  }),
  stepEnded('upload sample images', 'passed', {
    at: at(1.1),
    started: at(0.4),
    duration: 0.7,
    attempts: 2,
    output: { keys: 18 },
  }),
  stepStarted('stage 1: augment, polling', { at: at(1.1) }),
  stepEnded('stage 1: augment, polling', 'passed', { started: at(1.1), duration: 2.4 }),
  stepEnded('stage 1 wrote every image and a valid manifest', 'passed', {
    started: at(3.5),
    duration: 0.02,
    findings: [
      { name: 'objects', verdict: 'pass', expected: 57, actual: 57 },
      { name: 'order', verdict: 'undecided', reason: 'the store tells none' },
    ],
  }),
  stepEnded('stage 2: normalize, polling', 'passed', { started: at(3.5), duration: 3.1 }),
  stepEnded('stage 2 with 1, 2, 3 and 5 variants', 'failed', {
    started: at(6.7),
    duration: 21.4,
    reason: 'rate[5]: expected at least 40 img/s',
    metrics: [...metrics],
    sampling: {
      seed: 4_217,
      rounds: 24,
      warmup: { rounds: 3, steady: true, because: 'the last three differ by less than 2 %' },
      batch: { '1': 4, '2': 2 },
      stopped: 'budget',
      disturbances: [{ kind: 'load', text: 'other programs used 0.8 of 2 cores' }],
    },
  }),
  stepEnded('stage 2 wrote every size and a valid manifest', 'failed', {
    started: at(6.6),
    duration: 0.05,
    reason: 'objects: expected 174, found 171',
    findings: [
      { name: 'manifest', verdict: 'pass' },
      {
        name: 'objects',
        verdict: 'fail',
        expected: 174,
        actual: { found: 171, missing: ['raw/a.png', 'raw/b.png', 'raw/c.png'] },
      },
    ],
  }),
  stepEnded('publish', 'skipped', { reason: 'because stage 2 wrote every size and a valid manifest failed' }),
  stepEnded('</script><img src=x onerror=alert(1)>', 'errored', {
    started: at(1.2),
    duration: 1.5,
    reason: 'no "bucket" <b>of that name</b>\nThe store said 404',
    stack: 'Error: no bucket\n    at publish (a.ts:1:2)\n    at run (b.ts:3:4)',
  }),
  { event: 'service', at: at(28.1), name: 'object store', state: 'stopped', retries: 7 },
  runEnded('failed', { at: at(28.2), duration: 28.2 }),
]

const days = Array.from({ length: 30 }, (_, day) => new Date(zero - (29 - day) * 86_400_000).toISOString())

export function showcaseInput(): PageInput {
  const record = recorded(...showcase)
  const step = 'stage 2 with 1, 2, 3 and 5 variants'
  const trend = (metric: string, middle: number, seed: number) => {
    const values = noisy(30, middle, 0.04, seed)
    return {
      step,
      metric,
      unit: metric === 'total time' ? 's' : 'img/s',
      better: 'lower' as const,
      history: days.map((at, day) => {
        const value = (values[day] ?? middle) * (day > 20 && metric === 'rate[5]' ? 0.8 : 1)
        return {
          at,
          run: `run-${day}`,
          commit: 'abc123def456',
          value,
          low: value * 0.98,
          high: value * 1.02,
          n: 24,
          verdict: 'pass' as const,
        }
      }),
    }
  }
  const named = 'steps/05-stage-2/samples.csv'
  return {
    record,
    repeats: repeatsOf(showcase),
    beside: {
      folder: '../performance-2/run/',
      files: new Set([
        'results.csv',
        'junit.xml',
        'journal.jsonl',
        'log.txt',
        named,
        'steps/01-upload',
        'steps/01-upload/a b#1.png',
      ]),
      logs: new Map([
        ['stage 1: augment, polling', { lines: ['19 images', 'done <script>alert(2)</script>'], before: 1204 }],
        ['</script><img src=x onerror=alert(1)>', { lines: ['HEAD /bucket', '404'], before: 0 }],
      ]),
      artifacts: new Map([
        [
          'upload sample images',
          { folder: 'steps/01-upload', first: [{ path: 'steps/01-upload/a b#1.png', bytes: 81_234 }], count: 18 },
        ],
      ]),
    },
    trends: [trend('rate[1]', 61, 11), trend('rate[5]', 29, 12), trend('total time', 3.15, 14)],
    baseline: {
      plan: 'performance-2',
      machine: 'm1',
      run: '20261120-071602-ab12',
      at: days[28] ?? '',
      metrics: [
        { step, metric: 'rate[5]', unit: 'img/s', samples: noisy(24, 29, 0.03, 31) },
        { step, metric: 'total time', unit: 's', samples: noisy(24, 3.1, 0.03, 32) },
      ],
    },
  }
}
