import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../../lib/record/store.ts'

/** What every place for results promises; each implementation's test file runs it. */
export function storeSuite(storeIn: (folder: string) => Store): void {
  const folders: string[] = []
  const fresh = () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-store-'))
    folders.push(folder)
    return storeIn(folder)
  }
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('what was appended can be read at once', () => {
    const store = fresh()
    const run = store.create('plan', 'run')
    run.append('one\n')
    run.append('two\nthree\n')
    expect(store.read('plan', 'run')).toBe('one\ntwo\nthree\n')
    run.close()
  })

  test('a run that is not there reads as undefined', () => {
    const store = fresh()
    expect([store.read('plan', 'run'), store.lastLine('plan', 'run'), store.runs('plan'), store.plans()]).toEqual([
      undefined,
      undefined,
      [],
      [],
    ])
  })

  test('opening cuts off a torn last line and goes on after it', () => {
    const store = fresh()
    const run = store.create('plan', 'run')
    run.append('whole\na torn line that is longer than what follows')
    run.close()
    const again = store.open('plan', 'run')
    again.append('next\n')
    expect(store.read('plan', 'run')).toBe('whole\nnext\n')
    again.close()
  })

  test('the last line is the last whole one', () => {
    const store = fresh()
    const run = store.create('plan', 'run')
    run.append('one\n')
    expect(store.lastLine('plan', 'run')).toBe('one')
    run.append(`${'x'.repeat(1000)}\ntorn`)
    expect(store.lastLine('plan', 'run')).toBe('x'.repeat(1000))
    run.close()
  })

  test('runs are listed oldest first, plans by name', () => {
    const store = fresh()
    for (const [plan, run] of [
      ['b', '20261121-2'],
      ['b', '20261121-1'],
      ['a', '20261121-3'],
    ] as const)
      store.create(plan, run).close()
    expect([store.plans(), store.runs('b')]).toEqual([
      ['a', 'b'],
      ['20261121-1', '20261121-2'],
    ])
  })

  test('a plan’s lock is held until released, and names its holder', () => {
    const store = fresh()
    const holder = { run: 'run', pid: 1, host: 'here', since: '2026-11-21T07:16:02.000Z' }
    const lock = store.lock('plan', holder)
    expect(store.lock('plan', { ...holder, run: 'other' })).toEqual({ kind: 'busy', holder })
    expect(store.lock('another', holder).kind).toBe('held')
    if (lock.kind === 'held') lock.release()
    expect(store.lock('plan', { ...holder, run: 'other' }).kind).toBe('held')
  })
}
