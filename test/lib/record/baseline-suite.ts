import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Baseline, Baselines } from '../../../lib/record/baseline.ts'
import { paramsKey } from '../../../lib/record/run-digest.ts'

/** Of the parameters that `baseline` has. */
export const params = paramsKey({ size: '720p' })
const otherParams = paramsKey({ size: '480p' })

export function baseline(plan: string, machine: string, run: string): Baseline {
  const metrics = [{ step: 'read', metric: 'rate[720p]', unit: 'img/s', samples: [41.5, 40, 1e-12] }]
  return { plan, machine, run, at: '2026-11-21T02:30:00.000Z', commit: 'abc', params: { size: '720p' }, metrics }
}

/** What every place for baselines promises; each implementation's test file runs it. */
export function baselineSuite(baselinesIn: (folder: string) => Baselines): void {
  const folders: string[] = []
  const fresh = () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-baselines-'))
    folders.push(folder)
    return baselinesIn(folder)
  }
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('what was set is found as it was, for its plan, machine and parameters alone', () => {
    const baselines = fresh()
    const kept = baseline('p', 'm1', 'r1')
    baselines.set(kept)
    expect(baselines.find('p', 'm1', params)).toEqual(kept)
    for (const [plan, machine, key] of [
      ['p', 'm2', params],
      ['q', 'm1', params],
      ['p', 'm1', otherParams],
    ] as const)
      expect(baselines.find(plan, machine, key)).toBeUndefined()
  })

  test('those of other parameters stay beside it, and each can be removed alone', () => {
    const baselines = fresh()
    const kept = baseline('p', 'm1', 'r1')
    const other = { ...baseline('p', 'm1', 'r2'), params: { size: '480p' }, at: '2026-11-22T02:30:00.000Z' }
    for (const one of [other, kept]) baselines.set(one)
    expect([baselines.find('p', 'm1', params), baselines.find('p', 'm1', otherParams)]).toEqual([kept, other])
    expect(baselines.all('p')).toEqual([kept, other])
    baselines.remove(kept)
    expect(baselines.all('p')).toEqual([other])
    for (const one of [kept, baseline('p', 'm2', 'r3')]) baselines.set(one)
    baselines.clear('p', 'm1')
    expect(baselines.all('p')).toEqual([baseline('p', 'm2', 'r3')])
  })

  test('one that does not say its parameters stands in for those that have none', () => {
    const baselines = fresh()
    const { params: _, ...older } = baseline('p', 'm1', 'r1')
    baselines.set(older)
    baselines.set(baseline('p', 'm1', 'r2'))
    expect(baselines.find('p', 'm1', params)?.run).toBe('r2')
    expect(baselines.find('p', 'm1', otherParams)).toEqual(older)
    baselines.remove(older)
    expect(baselines.find('p', 'm1', otherParams)).toBeUndefined()
  })

  test('a plan has one baseline a machine and parameters: setting another puts it in the place of the one before', () => {
    const baselines = fresh()
    const { commit: _, ...older } = baseline('p', 'm1', 'r2')
    for (const one of [baseline('p', 'm1', 'r1'), baseline('p', 'm2', 'r1'), older]) baselines.set(one)
    expect(baselines.all()).toEqual([older, baseline('p', 'm2', 'r1')])
  })

  test('all are listed by plan, then by machine', () => {
    const baselines = fresh()
    for (const [plan, machine] of [
      ['q', 'm1'],
      ['p', 'm2'],
      ['p', 'm1'],
    ] as const)
      baselines.set(baseline(plan, machine, 'r'))
    expect(baselines.all().map(({ plan, machine }) => plan + machine)).toEqual(['pm1', 'pm2', 'qm1'])
  })

  test('clearing forgets that of one machine, or those of all, of this plan alone', () => {
    const baselines = fresh()
    for (const machine of ['m1', 'm2', 'm3']) for (const plan of ['p', 'q']) baselines.set(baseline(plan, machine, 'r'))
    baselines.clear('p', 'm1')
    expect(baselines.all().map(({ plan, machine }) => plan + machine)).toEqual(['pm2', 'pm3', 'qm1', 'qm2', 'qm3'])
    baselines.clear('p')
    expect(baselines.all().map(({ plan, machine }) => plan + machine)).toEqual(['qm1', 'qm2', 'qm3'])
    baselines.clear('nothing of it')
    expect(baselines.find('p', 'm2', params)).toBeUndefined()
    expect(baselines.find('q', 'm2', params)).toEqual(baseline('q', 'm2', 'r'))
  })
}
