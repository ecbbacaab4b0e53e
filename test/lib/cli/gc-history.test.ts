import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { removeRepositories, repository } from './helpers.ts'
import { measuring, nights } from './nights.ts'

afterAll(removeRepositories)

/** Four old runs that measured, each with a log and an artifact, and two that did not. */
function withRuns() {
  const at = repository({ perf: measuring })
  const runs = nights(at, 'perf', [1, 1.1, 1.2, 1.3])
  for (const run of runs) {
    at.file(`runs/perf/${run}/log.txt`, 'x'.repeat(3000))
    at.file(`runs/perf/${run}/steps/raw.csv`, 'x'.repeat(4000))
  }
  const plain = nights(at, 'plain', [1, 1], { metrics: [] })
  const filesOf = (run = '') => readdirSync(join(at.dir, 'runs/perf', run)).sort()
  return { at, runs, plain, filesOf }
}

describe('gc', () => {
  test('leaves the journal of a run that measured something, and of a baseline’s run all', async () => {
    const { at, runs, plain, filesOf } = withRuns()
    await at.run(['baseline', 'set', runs[1] ?? ''])
    const [dry, wet] = [await at.run(['gc', '--dry-run']), await at.run(['gc'])]
    const lines = [
      `removed runs/perf/${runs[0]} but its journal  7.0 kB`,
      `removed runs/perf/${runs[2]} but its journal  7.0 kB`,
      expect.stringMatching(`removed runs/plain/${plain[0]}  `),
    ]
    expect(dry.out.replaceAll('would remove', 'removed').split('\n').slice(0, 3)).toEqual(lines)
    expect(wet.out.split('\n').slice(0, 3)).toEqual(lines)
    const whole = ['journal.jsonl', 'log.txt', 'steps']
    expect(runs.map(filesOf)).toEqual([['journal.jsonl'], whole, ['journal.jsonl'], whole])
    expect([existsSync(join(at.dir, `runs/plain/${plain[0]}`)), wet.exit]).toEqual([false, 0])
    expect((await at.run(['gc'])).out).toBe('Nothing to remove\n')
  })

  test('takes nothing from history, compare, report and the baseline', async () => {
    const { at, runs } = withRuns()
    await at.run(['baseline', 'set', runs[0] ?? ''])
    const views = [
      ['history', 'perf', '--metric', 'time'],
      ['history', 'perf', '--json'],
      ['compare', runs[0] ?? '', runs[2] ?? ''],
      ['compare', runs[2] ?? ''],
      ['report', runs[2] ?? '', '--csv', '-'],
      ['baseline', 'show', 'perf'],
    ]
    const shown = async () => {
      const all = []
      for (const words of views) all.push((await at.run(words)).out)
      return all
    }
    const before = await shown()
    expect(before.every((text) => text.length > 100)).toBe(true)
    await at.run(['gc', '--keep', '1'])
    expect(readdirSync(join(at.dir, 'runs/perf', runs[2] ?? ''))).toEqual(['journal.jsonl'])
    expect(await shown()).toEqual(before)
    // Also where the index has to be made again from what is left.
    rmSync(join(at.dir, '.assay'), { recursive: true })
    expect(await shown()).toEqual(before)
  })

  test('leaves no night between two that stay to be taken for one that was missed', async () => {
    const at = repository({ perf: measuring })
    const runs = nights(at, 'perf', [1, 1.1, 1.2, 1.3])
    for (const run of [runs[0], runs[2]]) {
      const path = `runs/perf/${run}/journal.jsonl`
      at.file(path, at.read(path).replace(/^.*"step-ended".*\n/gm, ''))
      at.file(`runs/perf/${run}/log.txt`, 'x')
    }
    const started = async () =>
      (await at.run(['history', 'perf', '--json'])).out
        .split('\n')
        .flatMap((line) => /"run":"([^"]*)"/.exec(line)?.[1] ?? [])
    expect(await started()).toEqual([...runs])
    await at.run(['gc', '--keep', '1'])
    expect(await started()).toEqual(runs.slice(1))
    expect(readdirSync(join(at.dir, 'runs/perf', runs[2] ?? ''))).toEqual(['journal.jsonl'])
    expect((await at.run(['gc', '--keep', '1'])).out).toBe('Nothing to remove\n')
  })

  test('forgets a baseline’s run once it is one no longer, and never follows a link in a run', async () => {
    const { at, runs, filesOf } = withRuns()
    const outside = at.file('outside/kept', 'x')
    symlinkSync(join(at.dir, 'outside'), join(at.dir, `runs/perf/${runs[0]}/link`))
    await at.run(['baseline', 'set', runs[0] ?? ''])
    await at.run(['gc'])
    expect(filesOf(runs[0])).toContain('link')
    await at.run(['baseline', 'clear', 'perf', '--across'])
    await at.run(['gc'])
    expect([filesOf(runs[0]), existsSync(outside)]).toEqual([['journal.jsonl'], true])
  })

  test('removes nothing while a baseline cannot be read', async () => {
    const { at, runs, filesOf } = withRuns()
    at.file('runs/perf/baseline-m1.json', '{')
    const { exit, err } = await at.run(['gc'])
    expect([exit, err]).toEqual([2, expect.stringContaining('Cannot read a baseline as ')])
    expect(filesOf(runs[0])).toContain('log.txt')
  })
})
