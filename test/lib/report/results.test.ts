import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { definePlan, equal, Failure, higher, Problem, quantity, text } from '../../../lib/index.ts'
import { fileStore } from '../../../lib/record/files.ts'
import { csvText } from '../../../lib/report/csv.ts'
import { jsonLine } from '../../../lib/report/json.ts'
import { junitXml } from '../../../lib/report/junit.ts'
import { readRecord, resultFiles, writeResults } from '../../../lib/report/results.ts'
import { summaryText } from '../../../lib/report/summary.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'
import { inFolder } from './outside.ts'

const secret = 'hunter2-hunter2'

const plan = definePlan(
  {
    name: 'real',
    kind: 'performance',
    title: 'A real run',
    params: { size: text('720p', 'size'), password: text(secret, 'password', { secret: true }) },
  },
  (plan, params) => {
    const store = plan.use({
      name: 'store',
      start: async () => ({ client: 3, detail: 'here', ready: async () => {}, stop: async () => {} }),
    })
    const count = plan.step({ name: 'count', needs: { store }, output: v.number(), run: ({ store }) => store })
    plan.check({
      name: 'counted',
      needs: { count },
      run: ({ count }) => [equal('three', count, 3), equal('four', count, 4)],
    })
    plan.measure({ name: 'speed', metrics: { rate: higher('img/s') }, run: () => ({ rate: quantity(1 / 3, 'img/s') }) })
    const login = plan.step({
      name: 'log in',
      output: v.string(),
      run: (_, { log }): string => {
        log(`password ${params.password}`)
        throw new Failure(`login with ${params.password} was refused`)
      },
    })
    plan.step({ name: 'work', needs: { login }, output: v.string(), run: ({ login }) => login })
  },
)

describe("a run's results", () => {
  test('are the same bytes at its end, from what it returned, and whenever its journal is read again', () =>
    inFolder(async (folder) => {
      const store = fileStore(folder)
      const result = await runPlan(plan, { store, env: {} })
      if (result.kind !== 'ended') throw new Error(result.kind)
      writeResults(store, 'real', result.run)
      const written = resultFiles.map((name) => readFileSync(join(result.path, name), 'utf8'))
      expect([csvText([result.record]), junitXml([result.record])]).toEqual(written)
      for (const name of resultFiles) truncateSync(join(result.path, name))
      writeResults(fileStore(folder), 'real', result.run)
      expect(resultFiles.map((name) => readFileSync(join(result.path, name), 'utf8'))).toEqual(written)
      expect(written.join()).not.toContain(secret)
      expect(written.join()).toContain('login with *** was refused')
      expect(summaryText(readRecord(store, 'real', result.run))).toStartWith(
        'failed · 3 steps (1 failed, 1 skipped), 2 checks (1 failed), 1 measure · ',
      )
    }))

  test('as JSON lines are the journal, whether followed live or read later', () =>
    inFolder(async (folder) => {
      const lines: string[] = []
      const observe = (event: Parameters<typeof jsonLine>[0]) => void lines.push(jsonLine(event) ?? '')
      const result = await runPlan(plan, { store: fileStore(folder), env: {}, observe })
      if (result.kind !== 'ended') throw new Error(result.kind)
      expect(lines.join('')).toBe(readFileSync(join(result.path, 'journal.jsonl'), 'utf8'))
    }))

  test('can be made of a run that died at any line of its journal', () =>
    inFolder(async (folder) => {
      const store = fileStore(folder)
      const result = await runPlan(plan, { store, env: {} })
      if (result.kind !== 'ended') throw new Error(result.kind)
      const journal = join(result.path, 'journal.jsonl')
      const bytes = readFileSync(journal)
      for (let end = bytes.lastIndexOf(10, -2); end > 0; end = bytes.lastIndexOf(10, end - 1)) {
        truncateSync(journal, end + 1)
        writeResults(store, 'real', result.run)
        expect(summaryText(readRecord(store, 'real', result.run))).toStartWith('unfinished · 3 steps')
        const rows = readFileSync(join(result.path, 'results.csv'), 'utf8').split('\r\n')
        expect(rows.filter((row) => row.includes(',duration,s,lower,'))).toHaveLength(5)
        expect(readFileSync(join(result.path, 'junit.xml'), 'utf8')).toMatch(/<(failure|error) /)
      }
    }))

  test('of a run that is not there are refused by a sentence', () =>
    inFolder((folder) => {
      const store = fileStore(folder)
      expect(() => writeResults(store, 'real', 'nope')).toThrow(Problem)
      expect(() => writeResults(store, 'real', 'nope')).toThrow(
        /^Cannot read a run as 'run' must be one with a journal/,
      )
      expect(existsSync(join(folder, 'real'))).toBe(false)
    }))
})
