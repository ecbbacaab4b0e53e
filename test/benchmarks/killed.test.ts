import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Task } from '../../benchmarks/killed/job.ts'
import { kill } from '../../benchmarks/killed/kill.ts'
import { markdown } from '../../benchmarks/killed/markdown.ts'
import { passedIn } from '../../benchmarks/killed/passed.ts'
import { results } from '../../benchmarks/killed/results.ts'
import { assayRunner, makeRunners } from '../../benchmarks/killed/runners.ts'

const scratch = mkdtempSync(join(tmpdir(), 'assay-killed-test-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('passedIn()', () => {
  test.each<[junit: string, passed: Task[]]>([
    ['<testcase name="one" time="0"/>', ['one']],
    ['<testcase classname="t" name="test_one" time="0" />', ['one']],
    ['<testcase name="two">\n</testcase><testcase name="one"></testcase>', ['one', 'two']],
    ['<testcase name="one"><failure message="x"/></testcase><testcase name="two"/>', ['two']],
    ['<testcase name="one"/><testcase name="two"><error>x</error></testcase>', ['one']],
    ['<testcase name="one"><skipped/></testcase>', []],
    ['<testcase name="two"><system-out>error</system-out></testcase>', ['two']],
    ['', []],
  ])('%s', (junit, passed) => expect(passedIn(junit)).toEqual(passed))
})

test('markdown() shows what is bad in bold, and a peer that is not there as such', () => {
  const none = { kept: [], lost: [], untrue: [], alive: [], next: [] }
  const ran = { kind: 'ran', version: '1', command: 'run', artefact: 'files' } as const
  const table = markdown({
    os: 'Linux',
    countedBy: 'cgroup v2',
    runners: [
      { kind: 'missing', name: 'pytest', unavailable: 'python3 has no pytest' },
      {
        ...ran,
        name: 'bad',
        kills: [{ victim: 'it', exit: 0, ...none, lost: ['one'], untrue: ['two'], alive: ['a', 'b'] }],
      },
      { ...ran, name: 'good', kills: [{ victim: 'it', exit: 137, ...none, kept: ['one'], next: ['two'] }] },
      { ...ran, name: 'stuck', kills: [{ victim: 'it', exit: null, ...none }] },
    ],
  })
  const cells = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
  expect(cells.slice(2)).toEqual([
    ['pytest', 'not measured: python3 has no pytest', '', '', '', '', ''],
    ['bad 1', 'it', '**0**', '**one lost** (files)', '**two**', '**2**: a, b', 'nothing'],
    ['good 1', 'it', '137', 'one kept (files)', 'none', 'none', 'two'],
    ['stuck 1', 'it', '**hangs**', '(files)', 'none', 'none', 'nothing'],
  ])
  expect(new Set(cells.map((row) => row.length))).toEqual(new Set([7]))
})

test("the README's table is what the command prints of what it measured", async () => {
  const root = join(import.meta.dir, '../..')
  const argv = [process.execPath, 'benchmarks/killed.ts', '--from', 'benchmarks/killed/results.json']
  const { exitCode, stdout } = Bun.spawnSync(argv, { cwd: root })
  expect(exitCode).toBe(0)
  expect(await Bun.file(join(root, 'README.md')).text()).toContain(`\n\n${stdout.toString()}\n`)
  const { runners } = v.parse(results, await Bun.file(join(root, 'benchmarks/killed/results.json')).json())
  expect(new Set(runners.map(({ name }) => name))).toEqual(
    new Set(['make', 'make, renaming', 'vitest', 'pytest', 'Assay']),
  )
})

describe('kill()', () => {
  const [runner] = makeRunners()
  const measured = runner !== undefined && 'victims' in runner && process.platform === 'linux' ? runner : undefined

  test.skipIf(measured === undefined)(
    'sees what a killed make leaves behind',
    async () => {
      const [victim] = measured?.victims ?? []
      if (measured === undefined || victim === undefined) throw new Error('nothing to kill')
      const came = await kill(measured, victim, mkdtempSync(join(scratch, 'job-')))
      expect(came).toMatchObject({ exit: 137, kept: ['one'], lost: [], untrue: ['two'], next: ['three'] })
      expect(came?.alive).toEqual(expect.arrayContaining(['its daemon', 'its plain child']))
    },
    60_000,
  )

  const assay = assayRunner()
  const victims = assay.victims.filter(({ title }) => title.startsWith('the '))
  test.skipIf(process.platform !== 'linux').each(victims)(
    'finds that Assay loses nothing and leaves nobody: $title',
    async (victim) => {
      const came = await kill(assay, victim, mkdtempSync(join(scratch, 'job-')))
      expect(came).toMatchObject({ kept: ['one'], lost: [], untrue: [], alive: [], next: ['two', 'three'] })
    },
    60_000,
  )
})
