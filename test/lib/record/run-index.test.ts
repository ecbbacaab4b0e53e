import { Database } from 'bun:sqlite'
import { afterEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import type { RunIndex, TrendQuery } from '../../../lib/record/index-queries.ts'
import { withRunIndex } from '../../../lib/record/run-index.ts'
import { type JournalOptions, journalText, measured } from './measured-journal.ts'

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) {
    chmodSync(folder, 0o755)
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A folder of runs with an index beside it. */
function place() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-index-'))
  made.push(folder)
  const runs = join(folder, 'runs')
  const file = join(folder, '.assay/history.sqlite')
  const told: string[] = []
  const journal = (plan: string, run: string) => join(runs, plan, run, 'journal.jsonl')
  return {
    folder,
    file,
    told,
    journal,
    put(plan: string, run: string, options: Partial<JournalOptions> = {}) {
      mkdirSync(dirname(journal(plan, run)), { recursive: true })
      writeFileSync(journal(plan, run), journalText({ plan, run, ...options }))
    },
    ask: <T>(use: (index: RunIndex) => T) => withRunIndex({ runs, file, tell: (text) => told.push(text) }, use),
  }
}

type Place = ReturnType<typeof place>

const runsOf = ({ ask }: Place, plan = 'p') =>
  ask((index) => index.runs(plan).map(({ run, outcome }) => `${run} ${outcome ?? 'no end'}`))

/** `step metric: values`. */
const trendsOf = ({ ask }: Place, query: Partial<TrendQuery> = {}) =>
  ask((index) => index.trends('p', { limit: 100, ...query })).trends.map(
    ({ step, metric, history }) => `${step} ${metric}: ${history.map(({ value }) => value).join(' ')}`,
  )

const anew = (why: string, journals: number) =>
  expect.stringMatching(
    new RegExp(`^The index of runs was made anew, as ${why}: ${journals} journals were read in \\d+\\.\\d s$`),
  )

describe('the index of runs', () => {
  test('has the runs of each plan, oldest first, with how they ended', () => {
    const at = place()
    at.put('p', 'r2', { end: 'failed' })
    at.put('p', 'r1')
    at.put('q', 'r3', { end: undefined })
    expect([runsOf(at), runsOf(at, 'q'), runsOf(at, 'other')]).toEqual([['r1 passed', 'r2 failed'], ['r3 no end'], []])
    expect(at.told).toEqual([anew('it was not there', 3)])
  })

  test('is not made where nothing has run, and says nothing of the first run', () => {
    const at = place()
    expect([runsOf(at), existsSync(at.file)]).toEqual([[], false])
    at.put('p', 'r1')
    expect([runsOf(at), existsSync(at.file), at.told]).toEqual([['r1 passed'], true, []])
  })

  test('reads a run that is new, went on, was resumed or is gone, and no other again', () => {
    const at = place()
    for (const run of ['r1', 'r2', 'r3']) at.put('p', run, { end: run === 'r2' ? undefined : 'passed' })
    runsOf(at)
    const untouched = statSync(at.file).mtimeMs
    runsOf(at)
    expect(statSync(at.file).mtimeMs).toBe(untouched)

    appendFileSync(at.journal('p', 'r2'), '{"event":"run-ended","at":"x","outcome":"failed","exit":1,"duration":1}\n')
    const resumed = journalText({ plan: 'p', run: 'r1', event: 'run-resumed', end: 'errored' })
    appendFileSync(at.journal('p', 'r1'), resumed)
    at.put('p', 'r4')
    const then = new Date('2026-11-21T02:30:00Z')
    utimesSync(at.journal('p', 'r4'), then, then)
    rmSync(dirname(at.journal('p', 'r3')), { recursive: true })
    expect(runsOf(at)).toEqual(['r1 errored', 'r2 failed', 'r4 passed'])
    expect(at.told).toHaveLength(1)

    // Of the same size and time: nobody could tell, and it shows that the others are not read.
    writeFileSync(at.journal('p', 'r4'), ' '.repeat(statSync(at.journal('p', 'r4')).size))
    utimesSync(at.journal('p', 'r4'), then, then)
    expect(runsOf(at).at(-1)).toBe('r4 passed')
  })

  test('is waited for while another process writes it', async () => {
    const at = place()
    at.put('p', 'r1')
    runsOf(at)
    const writer = `const db = new (require('bun:sqlite').Database)(process.argv[1])
      db.run('BEGIN EXCLUSIVE')
      console.log('begun')
      Bun.sleepSync(200)
      db.run('COMMIT')`
    const child = Bun.spawn([process.execPath, '-e', writer, at.file], { stdout: 'pipe' })
    for await (const _ of child.stdout) break
    expect([runsOf(at), at.told]).toEqual([['r1 passed'], []])
    expect(await child.exited).toBe(0)
  })

  test('is made again when it was deleted', () => {
    const at = place()
    for (const run of ['r1', 'r2']) at.put('p', run)
    const before = [runsOf(at), trendsOf(at)]
    rmSync(dirname(at.file), { recursive: true })
    expect([runsOf(at), trendsOf(at)]).toEqual(before)
    expect(at.told).toEqual([anew('it was not there', 2), anew('it was not there', 2)])
  })

  const damages: Readonly<Record<string, (file: string) => void>> = {
    'is no database': (file) => writeFileSync(file, 'no database, but long enough to be read as one'.repeat(100)),
    'is empty': (file) => writeFileSync(file, ''),
    'was cut off': (file) => truncateSync(file, 5000),
    'lost a page in its middle': (file) => {
      const bytes = readFileSync(file)
      writeFileSync(file, bytes.fill(0xff, 8192, bytes.length - 4096))
    },
    'lacks a table': (file) => {
      using db = new Database(file)
      db.run('DROP TABLE metrics')
    },
    'is of another version': (file) => {
      using db = new Database(file)
      db.run('PRAGMA user_version = 99')
    },
  }
  test.each(Object.entries(damages))('is made again when it %s', (_, damage) => {
    const at = place()
    for (let run = 10; run < 60; run++) at.put('p', `r${run}`, { metrics: [measured('time', [run])] })
    const before = [runsOf(at), trendsOf(at)]
    damage(at.file)
    expect([runsOf(at), trendsOf(at)]).toEqual(before)
    expect(at.told).toEqual([anew('it was not there', 50), anew('.+', 50)])
    expect([runsOf(at), trendsOf(at), at.told.length]).toEqual([...before, 2])
    expect(readdirSync(dirname(at.file)).sort()).toEqual(['.history.sqlite.lock', 'history.sqlite'])
  })

  test('clears away what a process that was killed as it made it has left', () => {
    const at = place()
    at.put('p', 'r1')
    mkdirSync(dirname(at.file))
    for (const left of ['history.sqlite.999.tmp', 'history.sqlite.999.tmp-journal', 'history.sqlite-journal'])
      writeFileSync(join(dirname(at.file), left), 'x'.repeat(600))
    expect(runsOf(at)).toEqual(['r1 passed'])
    expect(readdirSync(dirname(at.file)).sort()).toEqual(['.history.sqlite.lock', 'history.sqlite'])
  })

  test('is made in memory where it cannot be kept, which is told', () => {
    const at = place()
    for (const run of ['r1', 'r2']) at.put('p', run)
    mkdirSync(at.file, { recursive: true }) // a folder in its place: what root could not write either
    expect([runsOf(at), runsOf(at)]).toEqual([
      ['r1 passed', 'r2 passed'],
      ['r1 passed', 'r2 passed'],
    ])
    expect(at.told).toHaveLength(2)
    expect(at.told[0]).toStartWith(`The index of runs cannot be kept in ${at.file}, so every journal is read: `)
  })

  test('tells what was wrong with the question, not with itself', () => {
    const at = place()
    at.put('p', 'r1')
    const asking = () =>
      at.ask(() => {
        throw new Error('no such metric')
      })
    expect(asking).toThrow('no such metric')
    expect(at.told).toEqual([])
  })

  test('reads no journal through a link', () => {
    const at = place()
    at.put('p', 'r1')
    mkdirSync(dirname(at.journal('p', 'r2')))
    symlinkSync(at.journal('p', 'r1'), at.journal('p', 'r2'))
    symlinkSync(dirname(at.journal('p', 'r1')), dirname(at.journal('p', 'r3')))
    expect(runsOf(at)).toEqual(['r1 passed'])
  })

  test('several processes at once find the same, whether it is there, old, damaged or gone', async () => {
    const at = place()
    for (let run = 10; run < 40; run++) at.put('p', `r${run}`)
    const code = `import { withRunIndex } from ${JSON.stringify(join(import.meta.dir, '../../../lib/record/run-index.ts'))}
      const places = { runs: ${JSON.stringify(join(at.folder, 'runs'))}, file: ${JSON.stringify(at.file)}, tell: () => {} }
      for (let i = 0; i < 20; i++) console.log(withRunIndex(places, (index) => index.runs('p').length))`
    const ask = async () => {
      const child = Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe', stderr: 'inherit' })
      const out = await child.stdout.text()
      return [await child.exited, out.trim().replaceAll('\n', ' ')] as const
    }
    for (const wrong of [
      () => {},
      () => writeFileSync(at.file, 'damaged'.repeat(1000)),
      () => rmSync(dirname(at.file), { recursive: true }),
      () => at.put('p', 'r40'),
    ]) {
      wrong()
      const runs = readdirSync(join(at.folder, 'runs/p')).length
      const said: [number, string] = [0, Array(20).fill(runs).join(' ')]
      expect(await Promise.all([ask(), ask(), ask()])).toEqual([said, said, said])
    }
  }, 60_000)
})

describe('the index of runs, whatever happens', () => {
  test('is whole again after a process was killed while it made or changed it', async () => {
    const at = place()
    for (let run = 100; run < 120; run++) at.put('p', `r${run}`)
    const code = `import { rmSync } from 'node:fs'
      import { withRunIndex } from ${JSON.stringify(join(import.meta.dir, '../../../lib/record/run-index.ts'))}
      const file = ${JSON.stringify(at.file)}
      const places = { runs: ${JSON.stringify(join(at.folder, 'runs'))}, file, tell: () => {} }
      for (let i = 0; ; i++) {
        if (i % 2 === 0) rmSync(file, { force: true })
        else rmSync(${JSON.stringify(at.journal('p', 'r100'))}, { force: true })
        withRunIndex(places, (index) => index.runs('p').length)
        await Bun.write(${JSON.stringify(at.journal('p', 'r100'))}, 'x'.repeat(i))
        process.stdout.write('.')
      }`
    for (let kill = 1; kill <= 3; kill++) {
      const child = Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe', stderr: 'inherit' })
      let rounds = 0
      for await (const part of child.stdout) {
        rounds += part.length
        if (rounds >= kill) break
      }
      child.kill('SIGKILL')
      await child.exited
      at.put('p', 'r100', { end: 'failed' })
      const runs = runsOf(at)
      expect([runs.length, runs[0], runs[1]]).toEqual([20, 'r100 failed', 'r101 passed'])
    }
  }, 60_000)

  test('reads any journal, however damaged', () => {
    const at = place()
    at.put('p', 'r1')
    at.put('p', 'r2')
    runsOf(at)
    at.told.length = 0
    const text = readFileSync(at.journal('p', 'r1'), 'utf8')
    for (const odd of ['1.5', '1e999', '-7']) {
      writeFileSync(at.journal('p', 'r2'), text.replace('"exit":0', `"exit":${odd}`).replace('[1,2,3]', `[${odd}]`))
      expect([runsOf(at).length, trendsOf(at)[0]]).toEqual([2, `measure time: 2 ${Number(odd)}`])
    }
    const edits = fc.array(
      fc.tuple(
        fc.nat(text.length),
        fc.nat(20),
        fc.oneof(fc.string(), fc.constantFrom('1e999', '1.5', '-1', '\0', '\n', '"\\ud800"')),
      ),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(edits, (edits) => {
        const damaged = edits.reduce(
          (whole, [from, gone, put]) => whole.slice(0, from) + put + whole.slice(from + gone),
          text,
        )
        writeFileSync(at.journal('p', 'r2'), damaged)
        expect(at.ask((index) => [index.runs('p').length, index.trends('p', { limit: 9 }).trends.length >= 1])).toEqual(
          [2, true],
        )
      }),
      { numRuns: 60, seed: 20_261_121 },
    )
    expect(at.told).toEqual([])
  }, 60_000)
})

describe('a trend in the index', () => {
  const noted = (value: number, options: Partial<JournalOptions> = {}) => ({
    metrics: [measured('time', [value - 1, value, value + 1]), measured('rate[720p]', [value * 10])],
    ...options,
  })

  test('has the value, interval, n and verdict of each run', () => {
    const at = place()
    at.put('p', 'r1', { metrics: [measured('time', [1, 2, 3, 4, 5, 6])], commit: 'abc' })
    const judged = { value: 7, interval: { low: 6, high: 8, level: 0.95 }, verdict: 'pass' } as const
    at.put('p', 'r2', { metrics: [{ ...measured('time', [9, 9]), ...judged }], machine: undefined })
    const trend = at.ask((index) => index.trends('p', { limit: 9, across: true }).trends[0])
    expect(trend).toMatchObject({ step: 'measure', metric: 'time', unit: 's', better: 'lower' })
    expect(trend?.history).toEqual([
      {
        run: 'r1',
        at: '2026-11-21T02:30:00.000Z',
        commit: 'abc',
        machine: 'm1',
        value: 3.5,
        low: expect.any(Number),
        high: expect.any(Number),
        n: 6,
        verdict: 'recorded',
      },
      { run: 'r2', at: '2026-11-21T02:30:00.000Z', value: 7, low: 6, high: 8, n: 2, verdict: 'pass' },
    ])
  })

  test('is of the newest run’s machine and parameters, and says how many others there are', () => {
    const at = place()
    at.put('p', 'r1', noted(1, { machine: 'm2' }))
    at.put('p', 'r2', noted(2, { params: { size: '720p' } }))
    at.put('p', 'r3', noted(3))
    at.put('p', 'r4', noted(4, { machine: 'm2', params: { size: '720p' } }))
    at.put('p', 'r5', noted(5))
    at.put('p', 'r6', { metrics: [] })
    expect(trendsOf(at)).toEqual(['measure time: 3 5', 'measure rate[720p]: 30 50'])
    expect(at.ask((index) => index.trends('p', { limit: 9 }).leftOut)).toEqual({ machine: 2, params: 1 })
    expect(trendsOf(at, { across: true })[0]).toBe('measure time: 1 3 5')
    expect(at.ask((index) => index.trends('p', { limit: 9, across: true }).leftOut)).toEqual({ machine: 0, params: 2 })
    expect(trendsOf(at, { run: 'r4' })[0]).toBe('measure time: 4')
  })

  test('is that of one metric, by its name with or without the variant, up to a run, and of so many runs', () => {
    const at = place()
    for (const value of [1, 2, 3, 4]) at.put('p', `r${value}`, noted(value))
    expect(trendsOf(at, { metric: 'rate' })).toEqual(['measure rate[720p]: 10 20 30 40'])
    expect(trendsOf(at, { metric: 'rate[720p]', limit: 2 })).toEqual(['measure rate[720p]: 30 40'])
    expect(trendsOf(at, { metric: 'rat' })).toEqual([])
    expect(trendsOf(at, { metric: 'time', run: 'r3' })).toEqual(['measure time: 1 2 3'])
  })

  test('counts what the newest sitting of a run found, in the unit it has now', () => {
    const at = place()
    at.put('p', 'r1', { metrics: [{ ...measured('time', [1000]), unit: 'ms' }] })
    at.put('p', 'r2', noted(2))
    const again = journalText({ plan: 'p', run: 'r2', event: 'run-resumed', metrics: [measured('time', [5])] })
    appendFileSync(at.journal('p', 'r2'), again)
    const { trends } = at.ask((index) => index.trends('p', { limit: 9, metric: 'time' }))
    expect(trends.map(({ unit, history }) => [unit, history.map(({ value }) => value)])).toEqual([
      ['s', [5]],
      ['ms', [1000]],
    ])
  })
})
