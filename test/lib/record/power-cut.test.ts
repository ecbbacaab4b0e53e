import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { equal } from '../../../lib/plan/check.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import type { Disk } from '../../../lib/record/disk.ts'
import { fileStore, writeWhole } from '../../../lib/record/files.ts'
import { readJournal } from '../../../lib/record/journal.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'
import { afterKill, afterPowerCut, type Found, type Luck, recordingDisk } from './lossy-disk.ts'

// Every act on the disk is written down; then the world ends after each of them and between their bytes, and what a reader
// finds is held against what had been acknowledged by then.

// Tens of thousands of ends of the world, and other tests may have every core.
setDefaultTimeout(60_000)

const scratch = mkdtempSync(join(tmpdir(), 'assay-power-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const lucks: readonly Luck[] = ['nothing', 'everything', 'names only', 'last write, others as NUL']

/** A promise made at a moment: so many lines of the journal are there from now on. */
interface Promised {
  readonly moment: number
  readonly lines: number
  readonly against: 'kill' | 'power cut'
}

/** A run that breaks in its last step, is torn in the middle of a line, and resumed; all of it on a disk that writes it down. */
async function lifeOfARun(change: (disk: Disk) => Disk = (disk) => disk) {
  const { disk, acts } = recordingDisk()
  const promises: Promised[] = []
  const ends = new Map<string, number>()
  let lines = 0
  const world = { broken: true }
  const safe = (count: number) => promises.push({ moment: acts.length, lines: count, against: 'power cut' })
  const plan = definePlan({ name: 'power', kind: 'smoke', title: 'Power – Ünïcödé' }, (plan) => {
    // Every function that is called proves that the ends it builds on are safe.
    const step = (name: string, needs: readonly string[], handles: Parameters<typeof plan.step>[0]['needs']) =>
      plan.step({
        name,
        needs: handles ?? {},
        output: v.string(),
        run: async () => {
          safe(Math.max(1, ...needs.map((need) => ends.get(need) ?? 0)))
          await Promise.resolve()
          if (world.broken && name === 'last') throw new Error('nö')
          return `${name} ✓ 画像`
        },
      })
    const first = step('first', [], {})
    const beside = step('beside', [], {})
    const second = step('second', ['first'], { first })
    const last = step('last', ['second', 'beside'], { second, beside })
    plan.check({ name: 'check', needs: { last }, run: ({ last }) => [equal('last', last.length > 0, true)] })
  })
  const root = join(scratch, `runs-${promises.length}-${Math.random()}`)
  const store = fileStore(root, change(disk))
  const sitting = async (resume?: string) => {
    const result = await runPlan(plan, {
      store,
      env: {},
      ...(resume !== undefined && { resume }),
      observe(event) {
        if (event.event === 'progress' || event.event === 'log') return
        lines++
        promises.push({ moment: acts.length, lines, against: 'kill' })
        if (event.event === 'step-ended') ends.set(event.step, lines)
      },
    })
    safe(lines)
    if (result.kind !== 'ended') throw new Error('it did not run')
    return result
  }
  const { run } = await sitting()
  const journal = join(store.pathOf('power', run), 'journal.jsonl')
  // Killed in the middle of a line, of a character even: the bytes are there, their line is not.
  const torn = store.open('power', run)
  torn.append(`{"event":"announced","at":"x","text":"${'ü'.repeat(300)}`.slice(0, -1))
  torn.close()
  world.broken = false
  expect((await sitting(run)).outcome).toBe('passed')
  return { acts, promises, journal, whole: eventsIn(readFileSync(journal)) }
}

function eventsIn(journal: Buffer): readonly string[] {
  return readJournal(journal.toString('utf8'), 'journal.jsonl').map((event) => JSON.stringify(event))
}

type Life = Awaited<ReturnType<typeof lifeOfARun>>

/** What is wrong with the journal on a disk that came back at this moment. */
function wrongAt(
  { promises, journal, whole }: Life,
  moment: number,
  found: Found,
  against: Promised['against'],
): string[] {
  const least = Math.max(
    0,
    ...promises.flatMap((one) =>
      one.moment <= moment && (against === 'kill' || one.against === against) ? [one.lines] : [],
    ),
  )
  const bytes = found.get(journal)
  if (bytes === undefined) return least === 0 ? [] : [`no journal, ${least} lines were acknowledged`]
  try {
    const events = eventsIn(bytes)
    const invented = events.find((line, index) => line !== whole[index])
    if (invented !== undefined) return [`a line that was never written: ${invented}`]
    return events.length < least ? [`${events.length} lines, ${least} were acknowledged`] : []
  } catch (error) {
    return [String(error)]
  }
}

/** Every moment of a life, each with every end that the world could come to then; between bytes too unless `acts` are enough. */
function wrongs(life: Life, between: 'acts' | 'bytes'): { readonly ends: number; readonly wrong: readonly string[] } {
  const wrong: string[] = []
  let ends = 0
  const judge = (moment: number, found: Found, against: Promised['against'], how: string) => {
    ends++
    for (const what of wrongAt(life, moment, found, against)) wrong.push(`${how} after act ${moment}: ${what}`)
  }
  for (let moment = 0; moment <= life.acts.length; moment++) {
    const next = life.acts[moment]
    const bytes = between === 'bytes' && next?.kind === 'written' ? next.bytes.length : 0
    for (let torn = 0; torn <= bytes; torn++) {
      judge(moment, afterKill(life.acts, moment, torn), 'kill', `killed at byte ${torn}`)
      if (bytes > 0)
        for (const luck of ['everything', 'last write, others as NUL'] as const)
          judge(
            moment,
            afterPowerCut(life.acts, moment + 1, luck, torn),
            'power cut',
            `power cut at byte ${torn}, ${luck}`,
          )
    }
    for (const luck of lucks) judge(moment, afterPowerCut(life.acts, moment, luck), 'power cut', `power cut, ${luck}`)
  }
  return { ends, wrong }
}

describe('what was acknowledged is there, and nothing else,', () => {
  test('after a kill at every byte and a power cut at every moment', async () => {
    const life = await lifeOfARun()
    const { ends, wrong } = wrongs(life, 'bytes')
    expect(wrong).toEqual([])
    expect(life.whole).toHaveLength(20)
    expect(ends).toBeGreaterThan(10_000)
  })

  test.each<[string, (disk: Disk) => Disk]>([
    ['a sync of the journal', (disk) => ({ ...disk, sync: async () => {} })],
    ['a sync of the folders', (disk) => ({ ...disk, syncFolder: async () => {} })],
  ])('which is not so without %s', async (_, change) => {
    expect(wrongs(await lifeOfARun(change), 'acts').wrong.length).toBeGreaterThan(0)
  })
})

describe('a file is there whole or not at all', () => {
  /** What is wrong with a file that was written twice, at every end that the world could come to. */
  function wrongFiles(change: (disk: Disk) => Disk): readonly string[] {
    const folder = mkdtempSync(join(scratch, 'file-'))
    const path = join(folder, 'new', 'results.csv')
    const { disk, acts } = recordingDisk()
    const contents = ['first, long', 'second ✓']
    const returned = contents.map((content) => {
      writeWhole(path, content, change(disk))
      return acts.length
    })
    const wrong: string[] = []
    for (let moment = 0; moment <= acts.length; moment++) {
      const least = returned.filter((end) => end <= moment).length
      const allowed: (string | undefined)[] = least === 0 ? [undefined, ...contents] : contents.slice(least - 1)
      for (const luck of lucks) {
        const text = afterPowerCut(acts, moment, luck).get(path)?.toString()
        if (!allowed.includes(text)) wrong.push(`act ${moment}, ${luck}: ${text}`)
      }
      const text = afterKill(acts, moment, 3).get(path)?.toString()
      if (!allowed.includes(text)) wrong.push(`killed at act ${moment}: ${text}`)
    }
    return wrong
  }

  test('whatever happens meanwhile', () => {
    expect(wrongFiles((disk) => disk)).toEqual([])
  })

  test.each<[string, (disk: Disk) => Disk]>([
    ['its content being synced', (disk) => ({ ...disk, syncNow: () => {} })],
    ['its name being synced', (disk) => ({ ...disk, syncFolderNow: () => {} })],
  ])('which is not so without %s', (_, change) => {
    expect(wrongFiles(change).length).toBeGreaterThan(0)
  })
})
