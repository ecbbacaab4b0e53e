import { describe, expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import type { Json } from '../../../lib/plan/json.ts'
import type { FindingRecord, MetricRecord, Outcome, RunEvent } from '../../../lib/record/event.ts'
import { type RunRecord, recordOf } from '../../../lib/record/run-record.ts'
import { differences, unsteadyPlaces } from '../../../lib/record/same-results.ts'
import { runEnded, started, stepEnded } from '../report/events.ts'

const nodes = [
  ['step', 'make: all'],
  ['check', 'whole'],
  ['measure', 'speed'],
] as const

interface Came {
  readonly run?: string
  readonly output?: Json
  readonly outcome?: Outcome
  readonly findings?: FindingRecord[]
  readonly samples?: readonly number[]
  readonly verdict?: MetricRecord['verdict']
  readonly resumed?: boolean
}

/** The record of a run of three that came to this. */
function came(to: Came = {}): RunRecord {
  const { run = '20261121-071602-k3x9', output = null, outcome = 'passed', samples = [1, 2], verdict = 'pass' } = to
  const findings: FindingRecord[] = to.findings ?? [{ name: 'objects', verdict: 'pass' }]
  const metric: MetricRecord = { name: 'rate', unit: 'img/s', better: 'higher', samples: [...samples], verdict }
  const heading = started(nodes, { run })
  const events: RunEvent[] = [heading]
  if (to.resumed) events.push({ ...heading, event: 'run-resumed' })
  events.push(
    stepEnded('make: all', outcome, { output, duration: Math.random(), ...(to.resumed && { reused: true }) }),
    stepEnded('whole', 'passed', { findings }),
    stepEnded('speed', 'passed', { metrics: [metric], output: { rate: samples } }),
    runEnded(outcome),
  )
  const record = recordOf(events)
  if (record === undefined) throw new Error('no record')
  return record
}

const other = '20261121-081602-m4n8'
const first = '20261121-071602-k3x9'

describe('a resumed run equals an unbroken one', () => {
  test.each<[string, Json, Json]>([
    ['its id', `s3://raw/assay/small/${first}/raw/a.jpg`, `s3://raw/assay/small/${other}/raw/a.jpg`],
    ['a counter behind its id', { set: `assay-small-${first}` }, { set: `assay-small-${other}-2` }],
    ['a counter behind a name of its own', `b/${first}/augmented/a.jpg`, `b/${other}/augmented-2/a.jpg`],
    ['the folder its runs lie in', `/home/a/runs/small/${first}/steps/1`, `/var/b/runs/small/${other}/steps/1`],
    ['a time in text', 'at 2026-11-21T07:16:02.123Z', 'at 2026-11-21T09:00:00Z'],
    ['a time in a name', 'm/20261121T071602123Z.json', 'm/20261121T081602456Z.json'],
    ['a moment as a number', { seen: 1795245362000 }, { seen: 1795245363000.5 }],
    ['a duration', { seconds: 1.5, waitMs: 3 }, { seconds: 2.5, waitMs: 4 }],
    ['a loopback port', 'http://127.0.0.1:41609/raw', 'http://127.0.0.1:33145/raw'],
    ['a temporary folder', `${tmpdir()}/assay-stage1-hhNotg/in/a`, `${tmpdir()}/assay-stage1-4kfLDM/in/a`],
    ['a generated name', 'in/stage1-7bd61ec7-18ed49f812b5-a.png', 'in/stage1-a85d82ae-739bc9e34d1c-a.png'],
    ['the order of a list', [{ key: 'a' }, { key: 'b' }], [{ key: 'b' }, { key: 'a' }]],
  ])('outside %s', (_, here, there) => {
    expect(differences(came({ output: here }), came({ run: other, output: there, resumed: true }))).toEqual([])
  })

  test('outside the samples of a measure', () => {
    expect(differences(came({ samples: [1, 2] }), came({ samples: [8, 9] }))).toEqual([])
  })
})

describe('and is told from one that came to something else by', () => {
  const objects = [
    { uri: 'raw/a', path: 'a', sha256: 'a'.repeat(64) },
    { uri: 'raw/b', path: 'b', sha256: 'b'.repeat(64) },
  ]
  test.each<[string, Came, Came, string]>([
    [
      'a lost result',
      { output: objects },
      { output: objects.slice(1) },
      `make: all: output: expected [{"path":"a","sha256":"${'a'.repeat(64)}","uri":"raw/a"}], found []`,
    ],
    ['a number', { output: { count: 3 } }, { output: { count: 4 } }, 'make: all: output.count: expected 3, found 4'],
    [
      'a hash that has two objects swapped',
      { output: objects },
      { output: objects.map(({ uri, path }, index) => ({ uri, path, sha256: 'ba'[index]?.repeat(64) })) },
      `make: all: output[].sha256: expected "${'a'.repeat(64)}", found "${'b'.repeat(64)}"`,
    ],
    ['a missing part', { output: { a: 1 } }, { output: {} }, 'make: all: output.a: expected 1, found nothing'],
    ['a repeated item', { output: ['a', 'b'] }, { output: ['a', 'b', 'b'] }, 'output: expected [], found ["b"]'],
    ['an outcome', {}, { outcome: 'failed' }, 'make: all: outcome: expected "passed", found "failed"'],
    [
      'a verdict',
      {},
      { findings: [{ name: 'objects', verdict: 'undecided' }] },
      'whole: findings[].verdict: expected "pass", found "undecided"',
    ],
    [
      'what a check found',
      { findings: [{ name: 'n', verdict: 'pass', actual: 3 }] },
      { findings: [{ name: 'n', verdict: 'pass', actual: 4 }] },
      'whole: findings[].actual: expected 3, found 4',
    ],
    ['the number of samples', {}, { samples: [1] }, 'speed: metrics[].n: expected 2, found 1'],
    ['the verdict of a metric', {}, { verdict: 'fail' }, 'speed: metrics[].verdict: expected "pass", found "fail"'],
  ])('%s', (_, here, there, sentence) => {
    expect(differences(came(here), came({ run: other, ...there })).join('\n')).toContain(sentence)
    expect(differences(came(here), came({ run: other, ...there })).length).toBeGreaterThan(0)
  })

  test('a run that did not end, and a step that it did not have', () => {
    const events: RunEvent[] = [started(nodes.slice(1)), stepEnded('speed', 'passed')]
    const half = recordOf(events)
    if (half === undefined) throw new Error('no record')
    const found = differences(came(), half).join('\n')
    expect(found).toContain('the run: outcome: expected "passed", found nothing')
    expect(found).toContain('make: all: expected {')
  })
})

describe('what unbroken runs do not agree on', () => {
  const report = (pid: number, rest: Json) => came({ output: { objects: [{ key: 'a', by: pid, rest }], lines: [pid] } })

  test('is named by its place and left out', () => {
    const unsteady = unsteadyPlaces([report(1, 'x'), report(2, 'x'), report(3, 'x')])
    expect([...unsteady].sort()).toEqual(['make: all: output.lines[]', 'make: all: output.objects[].by'])
    expect(differences(report(1, 'x'), report(9, 'x'), unsteady)).toEqual([])
    expect(differences(report(1, 'x'), report(9, 'y'), unsteady)).toEqual([
      'make: all: output.objects[].rest: expected "x", found "y"',
    ])
  })

  test('is nothing where there is one run, or none', () => {
    expect(unsteadyPlaces([])).toEqual(new Set())
    expect(unsteadyPlaces([report(1, 'x')])).toEqual(new Set())
  })
})
