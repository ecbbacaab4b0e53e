import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../../../lib/record/files.ts'
import { bootId } from '../../../lib/record/holder.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import { endLeftBehind } from '../../../lib/run/left-behind.ts'
import { mark, unmark } from '../../../lib/shell/tag.ts'

const heading = {
  schema: 1,
  at: '2026-11-21T07:16:02.000Z',
  kind: 'smoke',
  title: 'Killed',
  params: {},
  tags: [],
  again: '',
  nodes: [],
  environment: { host: '', cpu: '', cores: 1, memory: 1, os: '', bun: '' },
}

/** A program of a run of `killed` whose runner is gone, and a store that has its journal. */
function orphan(goesOn: boolean, end = '') {
  const tag = mark()
  if ('reason' in tag) throw new Error(tag.reason)
  const child = Bun.spawn(['sleep', '617'])
  unmark(tag)
  const memory = memoryStore()
  const tree = { pid: 2 ** 30, tag: tag.own, boot: bootId() }
  const began = { event: 'run-started', ...heading, plan: 'killed', run: 'r', tree }
  memory.create('killed', 'r').append(`${JSON.stringify(began)}\n${end}`)
  return { child, store: { ...memory, goesOn: () => goesOn } }
}

test.skipIf(process.platform !== 'linux').each<[string, boolean, string, string, readonly string[]]>([
  ['a start of its plan', false, '', 'killed', ['ended 1 process that run killed/r left when it was killed']],
  ['a start of another plan', false, '', 'other', ['ended 1 process that run killed/r left when it was killed']],
  ['no start while somebody has its journal', true, '', 'other', []],
  ['no start once its journal has an end', false, '{"event":"run-ended"}\n', 'other', []],
])('what a killed run left is ended by %s', async (_, goesOn, end, plan, said) => {
  const { child, store } = orphan(goesOn, end)
  try {
    expect(await endLeftBehind(store, plan)).toEqual(said)
    expect(said.length > 0 ? await child.exited : child.exitCode).toBe(said.length > 0 ? 137 : null)
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
})

test('a run of another plan that cannot be read stops no start', async () => {
  const root = mkdtempSync(join(tmpdir(), 'assay-left-'))
  try {
    mkdirSync(join(root, 'linked/r'), { recursive: true })
    symlinkSync('nowhere', join(root, 'linked/r/journal.jsonl'))
    const damaged = fileStore(root).create('damaged', 'r')
    damaged.append('{"event":"run-started"}\n')
    damaged.close()
    expect(await endLeftBehind(fileStore(root), 'other')).toEqual([])
  } finally {
    rmSync(root, { recursive: true })
  }
})
