import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { baselineOf } from '../../../lib/record/baseline.ts'
import { fileBaselines } from '../../../lib/record/baseline-files.ts'
import { memoryBaselines } from '../../../lib/record/baseline-memory.ts'
import type { Heading, StepEnded } from '../../../lib/record/event.ts'
import { paramsKey } from '../../../lib/record/run-digest.ts'
import { recordOf } from '../../../lib/record/run-record.ts'
import { baseline, baselineSuite, params } from './baseline-suite.ts'

describe('baselines in files', () => {
  baselineSuite(fileBaselines)

  const root = mkdtempSync(join(tmpdir(), 'assay-baseline-'))
  // The beginning of the SHA-256 of [["size","720p"]].
  const file = 'baseline-m1-c6ecd53b5570.json'
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('lie beside the runs of their plan', () => {
    fileBaselines(root).set(baseline('p', 'm1', 'r1'))
    expect(readdirSync(join(root, 'p'))).toEqual([file])
  })

  test('one of an older Assay is read, and replaced where its parameters are the same', () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-baseline-'))
    const baselines = fileBaselines(folder)
    const older = baseline('p', 'm1', 'r1')
    mkdirSync(join(folder, 'p'))
    writeFileSync(join(folder, 'p/baseline-m1.json'), JSON.stringify({ schema: 1, ...older }))
    expect(baselines.find('p', 'm1', params)).toEqual(older)
    expect(baselines.find('p', 'm1', paramsKey({ size: '480p' }))).toBeUndefined()
    baselines.set({ ...older, run: 'r2', params: { size: '480p' } })
    expect(baselines.find('p', 'm1', params)).toEqual(older)
    baselines.set({ ...older, run: 'r3' })
    expect(
      baselines
        .all()
        .map(({ run }) => run)
        .sort(),
    ).toEqual(['r2', 'r3'])
    writeFileSync(join(folder, 'p/baseline-m1.json'), JSON.stringify({ schema: 1, ...older }))
    baselines.remove(older)
    expect(baselines.all().map(({ run }) => run)).toEqual(['r2'])
    rmSync(folder, { recursive: true })
  })

  test.each(['{', '{"schema":2}', ''])('one that says %j is refused in a sentence until it is set again', (text) => {
    const baselines = fileBaselines(root)
    writeFileSync(join(root, 'p', file), text)
    for (const read of [() => baselines.find('p', 'm1', params), () => baselines.all()])
      expect(read).toThrow(
        /^Cannot read a baseline as '.*baseline-m1-\w+\.json' must be as this Assay writes it: .*Delete it/,
      )
    baselines.set(baseline('p', 'm1', 'r1'))
    expect(baselines.find('p', 'm1', params)).toBeDefined()
  })

  test('no name leads out of their folder', () => {
    const baselines = fileBaselines(root)
    for (const [plan, machine] of [
      ['..', 'm1'],
      ['p', '/../../x'],
    ] as const)
      expect(() => baselines.set(baseline(plan, machine, 'r'))).toThrow(/^Cannot find a place/)
  })
})

describe('baselines in memory', () => baselineSuite(memoryBaselines))

test('a run is a baseline of the samples it has, on the machine it says', () => {
  const environment = { host: 'h', cpu: 'c', cores: 1, memory: 1, os: 'o', bun: 'b', commit: 'abc' }
  const nodes = ['a', 'b'].map((name) => ({ name, kind: 'measure' as const, needs: [] }))
  const heading = { at: '2026-11-21T02:30:00.000Z', plan: 'p', kind: 'smoke', title: '', run: 'r', again: '' } as const
  const started = (machine: string | undefined): Heading => ({
    ...heading,
    params: { size: '720p' },
    tags: [],
    nodes,
    environment: { ...environment, ...(machine !== undefined && { machine }) },
  })
  const metric = { unit: 's', better: 'lower', verdict: 'recorded' } as const
  const ended: StepEnded = {
    event: 'step-ended',
    at: '',
    step: 'b',
    outcome: 'passed',
    duration: 1,
    attempts: 1,
    metrics: [
      { ...metric, name: 'time', samples: [1, 2] },
      { ...metric, name: 'none', samples: [] },
    ],
  }
  const baselineOn = (machine: string | undefined) => {
    const record = recordOf([{ event: 'run-started', schema: 1, ...started(machine) }, ended])
    return record && baselineOf(record)
  }
  expect(baselineOn('m')).toEqual({
    plan: 'p',
    machine: 'm',
    run: 'r',
    at: '2026-11-21T02:30:00.000Z',
    commit: 'abc',
    params: { size: '720p' },
    metrics: [{ step: 'b', metric: 'time', unit: 's', samples: [1, 2] }],
  })
  expect(baselineOn(undefined)).toBeUndefined()
})
