import { afterEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { anew, place, removePlaces, runsOf } from './index-place.ts'
import { journalText } from './measured-journal.ts'

afterEach(removePlaces)

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

  test('reads no journal through a link', () => {
    const at = place()
    at.put('p', 'r1')
    mkdirSync(dirname(at.journal('p', 'r2')))
    symlinkSync(at.journal('p', 'r1'), at.journal('p', 'r2'))
    symlinkSync(dirname(at.journal('p', 'r1')), dirname(at.journal('p', 'r3')))
    expect(runsOf(at)).toEqual(['r1 passed'])
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
