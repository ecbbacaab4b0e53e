import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import type { MetricRecord } from '../../../lib/record/event.ts'
import type { RunRecord } from '../../../lib/record/run-record.ts'
import { csvColumns, csvHeader, csvText } from '../../../lib/report/csv.ts'
import { csvRecords } from '../../../lib/report/csv-records.ts'
import { medianInterval } from '../../../lib/stats/median-interval.ts'
import { anyJournal, recorded, started, stepEnded, stepStarted } from './events.ts'
import { can, inFolder, outside, without } from './outside.ts'

describe('results.csv', () => {
  test('has the columns of schema 1, in their order', () => {
    expect(csvHeader).toBe(
      'schema,plan,kind,run,step,params,metric,unit,better,value,n,mean,stdev,min,max,ci_low,ci_high,reference_low,reference_high,baseline,ratio,verdict,outcome,started_at,duration_s,host,cpu,gpu,driver,commit,dirty\r\n',
    )
  })

  test('has a row a metric, a row a finding and a row a duration', () => {
    const record = recorded(
      started([
        ['service', 'store'],
        ['step', 'upload'],
        ['check', 'valid'],
        ['measure', 'speed'],
        ['step', 'publish'],
        ['step', 'announce'],
      ]),
      stepEnded('upload', 'errored', { reason: 'no such file', duration: 0.5 }),
      stepEnded('valid', 'failed', {
        findings: [
          { name: 'objects', verdict: 'fail', expected: 12, actual: 11 },
          { name: 'order', verdict: 'undecided', reason: 'unknown' },
        ],
      }),
      stepEnded('speed', 'passed', {
        metrics: [
          { name: 'rate', unit: 'img/s', better: 'higher', samples: [4, 1, 2, 3], low: 0.5, verdict: 'pass' },
          { name: 'wait', unit: 's', better: 'lower', samples: [1e-7], high: 2, verdict: 'pass' },
        ],
      }),
      stepEnded('publish', 'skipped', { reason: 'because upload errored' }),
      stepStarted('announce'),
    )
    const left = '1,small,functional,20261121-071602-k3x9'
    const params = '"{""images"":""samples"",""sizes"":""720p""}"'
    const right = 'box,"Fast CPU, 3 GHz",,,abc123,false'
    const at = '2026-11-21T07:16:02.000Z'
    expect(csvText([record])).toBe(
      [
        csvHeader.trimEnd(),
        `${left},upload,${params},duration,s,lower,0.5,1,0.5,,0.5,0.5,,,,,,,recorded,errored,${at},0.5,${right}`,
        `${left},valid,${params},objects,,,,,,,,,,,,,,,fail,failed,${at},1.5,${right}`,
        `${left},valid,${params},order,,,,,,,,,,,,,,,undecided,failed,${at},1.5,${right}`,
        `${left},valid,${params},duration,s,lower,1.5,1,1.5,,1.5,1.5,,,,,,,recorded,failed,${at},1.5,${right}`,
        `${left},speed,${params},rate,img/s,higher,2.5,4,2.5,1.2909944487358056,1,4,,,0.5,,,,pass,passed,${at},1.5,${right}`,
        `${left},speed,${params},wait,s,lower,1e-7,1,1e-7,,1e-7,1e-7,,,,2,,,pass,passed,${at},1.5,${right}`,
        `${left},speed,${params},duration,s,lower,1.5,1,1.5,,1.5,1.5,,,,,,,recorded,passed,${at},1.5,${right}`,
        `${left},publish,${params},duration,s,lower,,0,,,,,,,,,,,,skipped,,,${right}`,
        `${left},announce,${params},duration,s,lower,,0,,,,,,,,,,,,aborted,${at},,${right}`,
        '',
      ].join('\r\n'),
    )
  })

  const samples = [4, 1, 2, 3, 7, 6, 5]
  const interval = medianInterval(samples)
  const rate = { name: 'rate[5]', unit: 'img/s', better: 'higher', samples, verdict: 'marginal' } as const
  const judged: readonly (readonly [string, Partial<MetricRecord>, Readonly<Record<string, string>>])[] = [
    [
      'nothing but its samples',
      {},
      { value: '4', n: '7', ci_low: String(interval?.low), ci_high: String(interval?.high), baseline: '', ratio: '' },
    ],
    [
      'a quantile and its interval',
      { quantile: 0.9, value: 6.5, interval: { low: 6, high: 7, level: 0.99 } },
      { value: '6.5', mean: '4', min: '1', ci_low: '6', ci_high: '7' },
    ],
    ['a quantile that nobody worked out', { quantile: 0.9 }, { value: '', ci_low: '', ci_high: '', max: '7' }],
    [
      'a bound',
      { value: 4, interval: { low: 2, high: 6, level: 0.95 }, low: 3 },
      { ci_low: '2', reference_low: '3', reference_high: '', baseline: '', ratio: '', verdict: 'marginal' },
    ],
    [
      'a baseline',
      {
        against: { kind: 'baseline', name: 'rate[5]', value: 5, low: 0.8 },
        ratio: { value: 0.75, low: 0.7, high: 0.9 },
      },
      { baseline: '5', ratio: '0.75', reference_low: '4', reference_high: '' },
    ],
    [
      'a ratio to another metric',
      { against: { kind: 'metric', name: 'bare', value: 2, high: 1.5 }, ratio: { value: 2, low: 1.9, high: 2.1 } },
      { baseline: '', ratio: '2', reference_low: '', reference_high: '3' },
    ],
  ]
  test.each(judged)('of a metric with %s says what the record says', (_, more, cells) => {
    const metric: MetricRecord = { ...rate, ...more }
    const text = csvText([recorded(started([['measure', 'm']]), stepEnded('m', 'passed', { metrics: [metric] }))])
    expect(csvRecords(text)[0]).toMatchObject({ step: 'm', metric: 'rate[5]', unit: 'img/s', ...cells })
  })

  test('counts what retries hid, of a step and of the requests to a service, and has no row where there were none', () => {
    const at = '2026-11-21T07:16:02.000Z'
    const stopped = { event: 'service', at, name: 'object store', state: 'stopped' } as const
    const record = recorded(
      started([
        ['service', 'object store'],
        ['service', 'other store'],
        ['step', 'upload'],
        ['step', 'once'],
      ]),
      { ...stopped, state: 'starting' },
      stepEnded('upload', 'passed', { attempts: 3 }),
      stepEnded('once', 'passed'),
      { ...stopped, retries: 12 },
      { ...stopped, name: 'other store' },
    )
    const rows = csvRecords(csvText([record])).filter(({ metric }) => metric === 'retries')
    expect(rows).toMatchObject([
      { step: 'upload', unit: '1', better: 'lower', value: '2', verdict: 'recorded', outcome: 'passed' },
      {
        step: 'object store',
        unit: '1',
        better: 'lower',
        value: '12',
        verdict: 'recorded',
        outcome: '',
        started_at: at,
      },
    ])
  })

  const cells: readonly (readonly [string, string])[] = [
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['  =1', '"\'  =1"'],
    ['\t=1', '"\' =1"'],
    ['\r\n=1', '"\' =1"'],
    ['"=1', '"\'""=1"'],
    ["'=1", "''=1"],
    ['“=1', "'“=1"],
    ['＝1', "'＝1"],
    ['＠x', "'＠x"],
    ['\u2212 1', '"\'\u2212 1"'],
    ['\u200b=1', "'\u200b=1"],
    ["'quoted'", "'quoted'"],
    ['stage 1', '"stage 1"'],
    ['a;b', '"a;b"'],
    ['two\nlines', '"two lines"'],
    ['1=1', '1=1'],
    ['漢字', '漢字'],
    ['half \ud83d', '"half \ufffd"'],
  ]
  test.each(cells)('writes the name %j as %j', (name, cell) => {
    const text = csvText([recorded(started([['step', name]], { params: {} }), stepEnded(name, 'passed'))])
    expect(text.split('\r\n')[1]).toStartWith(`1,small,functional,20261121-071602-k3x9,${cell},{},duration,`)
  })

  test('leaves a cell empty for a number that is none', () => {
    const metric: MetricRecord = {
      name: 'm',
      unit: 's',
      better: 'lower',
      samples: [1e308, 1e308, 1e308],
      verdict: 'recorded',
    } as const
    const text = csvText([recorded(started([['measure', 'm']]), stepEnded('m', 'passed', { metrics: [metric] }))])
    expect(text).not.toMatch(/NaN|Infinity/)
    expect(text).toContain('m,s,lower,1e+308,3,,,1e+308,1e+308,')
  })

  const python = can('python3', '-c', 'import csv')
  test.skipIf(!python)(`is read back by Python's csv module${without(python, 'python3')}`, async () => {
    const records = fc.sample(anyJournal, 300).map((events) => recorded(...events))
    const rows = await inFolder(async (folder) => {
      const path = join(folder, 'results.csv')
      await Bun.write(path, csvText(records))
      const script =
        'import csv, json, sys\nwith open(sys.argv[1], newline="", encoding="utf-8") as f: print(json.dumps(list(csv.reader(f, strict=True))))'
      const read: readonly (readonly string[])[] = JSON.parse(outside(['python3', '-c', script, path]))
      return read
    })
    const [header = [], ...body] = rows
    expect([...header]).toEqual([...csvColumns])
    const read = body.map((row) => Object.fromEntries(csvColumns.map((column, index) => [column, row[index]])))
    expect(body.every((row) => row.length === csvColumns.length)).toBe(true)
    expect(body.flat().filter((cell) => dangerous(cell) && Number.isNaN(Number(cell)))).toEqual([])
    const expected = records.flatMap(expectedRows)
    expect(read.length).toBe(expected.length)
    for (const [index, row] of expected.entries())
      expect({ ...read[index], params: JSON.parse(read[index]?.params ?? '') }).toMatchObject(row)
  })
})

/** What a spreadsheet may take for a formula, said in another way than the code says it. */
function dangerous(cell: string): boolean {
  if (cell.startsWith("'")) return false
  return [cell, cell.normalize('NFKC')].some((text) => {
    const seen = text.replace(/^["'`\s\p{C}\p{Pi}\p{Pf}]+/u, '')
    return ['=', '+', '-', '@', '\u2212'].includes([...seen][0] ?? '')
  })
}

/** The cells of each row that say what it is about, as a reader should see them. */
function expectedRows({ heading, steps }: RunRecord): readonly object[] {
  return steps.flatMap(({ name, ended }) => {
    const common = { step: seen(name), params: heading.params, cpu: seen(heading.environment.cpu) }
    const metrics = (ended?.metrics ?? []).map(({ name, unit, samples, low, verdict }) => ({
      ...common,
      ...{ metric: seen(name), unit: seen(unit), n: String(samples.length), verdict },
      ...{ min: String(Math.min(...samples)), reference_low: low === undefined ? '' : String(low) },
    }))
    const findings = (ended?.findings ?? []).map(({ name, verdict }) => ({
      ...common,
      metric: seen(name),
      verdict,
      value: '',
    }))
    return [...metrics, ...findings, { ...common, metric: 'duration', unit: 's' }]
  })
}

function seen(text: string): string {
  const plain = text.toWellFormed().replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return dangerous(plain) || (plain.startsWith("'") && dangerous(plain.replace(/^'+/, ''))) ? `'${plain}` : plain
}
