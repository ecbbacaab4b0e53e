import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import * as v from 'valibot'
import type { RunRecord } from '../../lib/record/run-record.ts'
import { appendCsv } from '../../lib/report/append-csv.ts'
import { csvColumns, csvHeader, csvRows } from '../../lib/report/csv.ts'
import { anyJournal, recorded } from '../lib/report/events.ts'
import { fuzz, tried } from './fuzz.ts'

const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-csv-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What stands in the file before: what must be left of it, or that it must be refused. */
type Before = { readonly text: string | Buffer; readonly left: string | undefined }

/** Results of other runs in every state a file can be in, and files that are none of ours. */
function before(how: Kind, cut: number, record: RunRecord): Before {
  const rows = csvRows(record).join('')
  const whole = csvHeader + rows
  switch (how) {
    case 'empty':
      return { text: '', left: csvHeader }
    case 'whole':
      return { text: whole, left: whole }
    case 'torn': {
      const text = Buffer.from(whole).subarray(0, cut % (Buffer.byteLength(whole) + 1))
      const end = text.lastIndexOf(0x0a) + 1
      return { text, left: end === 0 ? csvHeader : text.subarray(0, end).toString() }
    }
    case 'edited': {
      const text = `\ufeff${whole.replaceAll('\r\n', '\n')}`
      return { text, left: text }
    }
    case 'newer':
      return { text: `${csvHeader}${rows.replaceAll(/^1,/gm, '2,') || '2,p\r\n'}`, left: undefined }
    case 'more columns':
      return { text: whole.replace('dirty\r\n', 'dirty,more\r\n'), left: undefined }
    case 'other order':
      return { text: whole.replace('schema,plan', 'plan,schema'), left: undefined }
    case 'no header':
      return { text: rows || '1,p\r\n', left: undefined }
    case 'not ours':
      return {
        text: ['name,value\r\n1,2\r\n', '\n', '<html>\n', '\u0000\u0000\n', '{}\n'][cut % 5] ?? '',
        left: undefined,
      }
  }
}

const kinds = [
  ...['empty', 'whole', 'torn', 'torn', 'edited'],
  ...['newer', 'more columns', 'other order', 'no header', 'not ours'],
] as const
type Kind = (typeof kinds)[number]

const files = fc.tuple(fc.constantFrom<Kind>(...kinds), fc.nat(), anyJournal, anyJournal)
const Rows = v.array(v.array(v.string()))

test(
  'results are appended to results, read by a stranger as they are, and to nothing else',
  () =>
    fuzz('CSV files', 400, files, ([how, cut, earlier, journal]) => {
      const path = join(folder, 'results.csv')
      const { text, left } = before(how, cut, recorded(...earlier))
      writeFileSync(path, text)
      const came = recorded(...journal)
      const record = { ...came, heading: { ...came.heading, run: '20261121-081602-m4n8' } }
      const appended = tried(() => appendCsv(path, record))
      expect(appended.verdict).toBe(left === undefined ? 'refused' : 'accepted')
      const now = readFileSync(path)
      if (left === undefined) {
        expect(now.equals(Buffer.from(text))).toBe(true)
        return 'refused'
      }
      expect(now.toString()).toStartWith(left)
      const rows = v.parse(Rows, parse(now, { bom: true, record_delimiter: ['\r\n', '\n'], relax_column_count: false }))
      expect(rows[0]).toEqual([...csvColumns])
      for (const row of rows.slice(1)) expect(cellsAreSafe(row)).toEqual([])
      const added = v.parse(Rows, parse(now.subarray(Buffer.byteLength(left))))
      agree(added, record)
      return 'accepted'
    }),
  600_000,
)

const numeric = new Set([
  ...['schema', 'value', 'n', 'mean', 'stdev', 'min', 'max', 'ci_low', 'ci_high', 'reference_low', 'reference_high'],
  ...['baseline', 'ratio', 'duration_s'],
])

/** The cells of a row that a spreadsheet might take for a formula, or a person for a number. */
function cellsAreSafe(row: readonly string[]): readonly string[] {
  return row.filter((cell, index) => {
    if (numeric.has(csvColumns[index] ?? '')) return cell !== '' && !Number.isFinite(Number(cell))
    return '=+-@\t\r'.includes(cell.trimStart()[0] ?? 'x') || [...cell].some(isControl)
  })
}

/** Holds the rows of a run against its record: each metric, each finding, and the duration of every step. */
function agree(rows: readonly (readonly string[])[], record: RunRecord): void {
  const cell = (row: readonly string[] | undefined, column: (typeof csvColumns)[number]) =>
    row?.[csvColumns.indexOf(column)] ?? 'no such cell'
  let at = 0
  for (const { name, ended } of record.steps) {
    for (const { name: metric, unit, samples, verdict } of ended?.metrics ?? []) {
      const row = rows[at++]
      expect(says(cell(row, 'step'), name) && says(cell(row, 'metric'), metric) && says(cell(row, 'unit'), unit)).toBe(
        true,
      )
      expect([cell(row, 'n'), cell(row, 'verdict')]).toEqual([String(samples.length), verdict])
      // Text knows one zero.
      expect(Number(cell(row, 'min'))).toBe(Math.min(...samples) + 0)
      expect(Number(cell(row, 'max'))).toBe(Math.max(...samples) + 0)
      if (cell(row, 'value') !== '') expect(isMedian(Number(cell(row, 'value')), samples)).toBe(true)
    }
    for (const { name: metric, verdict } of ended?.findings ?? []) {
      const row = rows[at++]
      expect(says(cell(row, 'step'), name) && says(cell(row, 'metric'), metric)).toBe(true)
      expect(cell(row, 'verdict')).toBe(verdict)
    }
    const row = rows[at++]
    expect(says(cell(row, 'step'), name)).toBe(true)
    expect(cell(row, 'metric')).toBe('duration')
    if (ended !== undefined) expect(cell(row, 'outcome')).toBe(ended.outcome)
    else expect(cell(row, 'outcome')).not.toBe('passed')
    expect(JSON.parse(cell(row, 'params'))).toEqual(wellFormed(record.heading.params))
  }
  expect(rows).toHaveLength(at)
}

/** As many samples at or below it as at or above it. */
function isMedian(value: number, samples: readonly number[]): boolean {
  const half = samples.length / 2
  return (
    samples.filter((sample) => sample <= value).length >= half &&
    samples.filter((sample) => sample >= value).length >= half
  )
}

/** Whether a cell holds the text: its control characters spaces, and a ' before it where it would be a formula. */
function says(cell: string, text: string): boolean {
  let plain = ''
  for (const letter of text.toWellFormed()) {
    if (!isControl(letter)) plain += letter
    else if (!plain.endsWith('\u0000')) plain += '\u0000'
  }
  const shown = plain.replaceAll('\u0000', ' ')
  return cell === shown || cell === `'${shown}`
}

function isControl(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029
}

/** JSON's escapes keep halves of surrogate pairs, so they come back whole. */
function wellFormed(params: Readonly<Record<string, string>>): Record<string, string> {
  return JSON.parse(JSON.stringify(params))
}
