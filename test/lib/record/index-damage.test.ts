import { Database } from 'bun:sqlite'
import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { anew, place, removePlaces, runsOf, trendsOf } from './index-place.ts'
import { measured } from './measured-journal.ts'

afterEach(removePlaces)

describe('the index of runs', () => {
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
