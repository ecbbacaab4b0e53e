import { describe, expect, test } from 'bun:test'
import type { RunEvent } from '../../../lib/record/event.ts'
import { journalOf, readJournal } from '../../../lib/record/journal.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import { rigFor } from '../../rig.ts'

async function someJournal(): Promise<string> {
  const rig = rigFor((plan) => void plan.held('one'))
  const running = rig.run()
  ;(await rig.started('one')).finish()
  const result = await running
  return rig.store.read('rigged', result.kind === 'busy' ? '' : result.run) ?? ''
}

describe('reading a journal', () => {
  test('gives back the events that were written', async () => {
    const events = readJournal(await someJournal(), 'journal.jsonl')
    expect(events.map(({ event }) => event)).toEqual(['run-started', 'step-started', 'step-ended', 'run-ended'])
  })

  test('leaves out a last line that is torn at any byte', async () => {
    const text = await someJournal()
    const lastLine = text.lastIndexOf('\n', text.length - 2) + 1
    for (let end = lastLine; end < text.length; end++) expect(readJournal(text.slice(0, end), 'j')).toHaveLength(3)
  })

  test('leaves out a line with NULs, as a power cut leaves them, and what comes behind it', async () => {
    const text = await someJournal()
    const third = text.split('\n', 2).join('\n').length + 1
    expect(readJournal(`${text.slice(0, third + 5)}\0\0\0${text.slice(third + 8)}`, 'j')).toHaveLength(2)
    expect(readJournal(`\0${text.slice(1)}`, 'j')).toEqual([])
  })

  test.each([
    ['half a line', (line: string) => line.slice(0, 20)],
    ['an unknown event', () => '{"event":"step-vanished"}'],
    ['no JSON', () => 'oops'],
    ['a wrong outcome', (line: string) => line.replace('"passed"', '"green"')],
  ])('refuses %s in the middle by its line number', async (_, damage) => {
    const lines = (await someJournal()).split('\n')
    lines[2] = damage(lines[2] ?? '')
    expect(() => readJournal(lines.join('\n'), 'runs/j.jsonl')).toThrow(
      /^Cannot read a journal as 'runs\/j\.jsonl:3' must be an event of a run: current value is/,
    )
  })

  test('refuses a journal of a newer version by that version', async () => {
    const newer = (await someJournal()).replace('"schema":1', '"schema":2')
    expect(() => readJournal(newer, 'j')).toThrow(
      /'schema in j:1' must be at most 1: current value is 2\. A newer Assay/,
    )
  })

  test('refuses one that does not begin with a run', async () => {
    const [, ...rest] = (await someJournal()).split('\n')
    expect(() => readJournal(rest.join('\n'), 'j')).toThrow(/'j:1' must be the start of a run/)
  })
})

describe('writing a journal', () => {
  test('those who wait at the same time share a sync, and none is told before its line is safe', async () => {
    const syncs: (() => void)[] = []
    const lines: string[] = []
    const run = memoryStore().create('p', 'r')
    const journal = journalOf({
      ...run,
      append: (line) => void lines.push(line),
      sync: () => new Promise((resolve) => void syncs.push(resolve)),
    })
    const event: RunEvent = { event: 'announced', at: 'now', text: 'x' }
    const done: string[] = []
    const write = (name: string) => {
      journal.append(event)
      void journal.settled().then(() => done.push(name))
    }
    const turns = async () => {
      for (let i = 0; i < 5; i++) await Promise.resolve()
    }
    write('a')
    write('b')
    write('c')
    expect(syncs).toHaveLength(1)
    syncs[0]?.()
    await turns()
    // b and c were written after the first sync had begun, so it proves nothing for them.
    expect([done, syncs.length]).toEqual([['a'], 2])
    syncs[1]?.()
    await turns()
    expect(done).toEqual(['a', 'b', 'c'])
  })

  test('a sync that failed is not taken back by one that comes after it', async () => {
    let fails = true
    const journal = journalOf({
      ...memoryStore().create('p', 'r'),
      sync: async () => {
        if (fails) throw new Error('EIO')
      },
    })
    journal.append({ event: 'announced', at: 'now', text: 'x' })
    expect(journal.settled()).rejects.toThrow('EIO')
    await Bun.sleep(0)
    fails = false
    expect(journal.settled()).rejects.toThrow('EIO')
  })
})
