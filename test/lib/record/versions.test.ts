import { afterAll, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as v from 'valibot'
import { text } from '../../../lib/plan/param.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import { journalSchema } from '../../../lib/record/event.ts'
import { fileStore } from '../../../lib/record/files.ts'
import { readJournal } from '../../../lib/record/journal.ts'
import { recordOf } from '../../../lib/record/run-record.ts'
import { csvText } from '../../../lib/report/csv.ts'
import { junitXml } from '../../../lib/report/junit.ts'
import { markdown } from '../../../lib/report/markdown.ts'
import { summaryText } from '../../../lib/report/summary.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'

// Journals as each version of Assay wrote them: of a run that failed and was resumed. They are never changed; what writes
// something new adds one.

const journals = join(import.meta.dir, '../../fixtures/journals')
const names = readdirSync(journals)
const scratch = mkdtempSync(join(tmpdir(), 'assay-versions-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('there is a journal of every version', () => {
  const versions = new Set(names.map((name) => Number(name.match(/^schema-(\d+)-/)?.[1])))
  expect([...versions].sort()).toEqual(Array.from({ length: journalSchema }, (_, index) => index + 1))
})

describe.each(names)('%s', (name) => {
  const events = readJournal(readFileSync(join(journals, name), 'utf8'), name)

  test('is read whole, and every view is made of it', () => {
    const record = recordOf(events)
    if (record === undefined) throw new Error('no record')
    expect(events).toHaveLength(readFileSync(join(journals, name), 'utf8').trimEnd().split('\n').length)
    expect(record.steps.map(({ name, ended }) => [name, ended?.outcome])).toEqual([
      ['raw', 'passed'],
      ['flaky', 'passed'],
      ['speed', 'passed'],
      ['last', 'passed'],
      ['after', 'passed'],
      ['check', 'passed'],
    ])
    expect(record).toMatchObject({ resumed: 1, ended: { outcome: 'passed', exit: 0 } })
    expect(summaryText(record)).toContain('passed · 4 steps (2 reused), 2 checks (1 undecided), 1 measure')
    expect(csvText([record]).trimEnd().split('\r\n')).toHaveLength(10)
    expect(junitXml([record])).toContain('testcase')
  })

  test('is gone on with', async () => {
    const record = recordOf(events)
    const run = record?.heading.run ?? ''
    const folder = join(scratch, basename(name), 'fixture', run)
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(journals, name), join(folder, 'journal.jsonl'))
    const plan = definePlan(
      { name: 'fixture', kind: 'functional', title: 'Now', params: { sizes: text('720p', 'sizes') } },
      (plan) => {
        const raw = plan.step({
          name: 'raw',
          output: v.object({ keys: v.array(v.string()) }),
          run: () => ({ keys: [] }),
        })
        plan.step({ name: 'flaky', needs: { raw }, output: v.string(), run: () => 'anew' })
        plan.step({ name: 'new', needs: { raw }, output: v.number(), run: ({ raw }) => raw.keys.length })
      },
    )
    const store = fileStore(join(scratch, basename(name)))
    const resumed = await runPlan(plan, { store, env: {}, resume: run })
    expect(resumed).toMatchObject({ kind: 'ended', outcome: 'passed', run })
    const steps = resumed.kind === 'ended' ? resumed.record.steps : []
    // `raw` needed a service then, and hands on something else now.
    expect(steps.map(({ name, because, ended }) => [name, ended?.because ?? because])).toEqual([
      ['raw', 'its inputs changed: store'],
      ['flaky', 'its inputs changed: raw'],
      ['new', 'the plan did not have it'],
    ])
    expect(readJournal(store.read('fixture', run) ?? '', name).length).toBeGreaterThan(events.length)
  })
})

test('every row of a run whose service told of a GPU names it, those of the sitting without that service too', () => {
  const name = 'schema-1-gpu.jsonl'
  const record = recordOf(readJournal(readFileSync(join(journals, name), 'utf8'), name))
  if (record === undefined) throw new Error('no record')
  expect(record.resumed).toBe(1)
  const rows = csvText([record]).trimEnd().split('\r\n').slice(1)
  expect(rows).toHaveLength(9)
  for (const row of rows)
    expect(row).toContain(',"SwiftShader Device (Subzero) · software","SwiftShader driver 5.0.0",')
  for (const view of [markdown(record), junitXml([record])]) expect(view).toContain('SwiftShader Device')
})
