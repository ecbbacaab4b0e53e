import { describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { Problem } from '../../../lib/plan/problem.ts'
import { appendCsv, refuseUnappendable } from '../../../lib/report/append-csv.ts'
import { csvHeader, csvRows } from '../../../lib/report/csv.ts'
import { recorded, runEnded, started, stepEnded } from './events.ts'
import { inFolder } from './outside.ts'

const record = recorded(
  started([
    ['step', 'one'],
    ['step', '二'],
  ]),
  stepEnded('one', 'passed'),
  stepEnded('二', 'passed'),
  runEnded('passed'),
)
const lines = csvRows(record)
const rows = lines.join('')
const other = { ...record, heading: { ...record.heading, run: '20261121-071602-abcd' } }
const others = csvRows(other).join('')

describe('appending a run to a results file', () => {
  test('writes the header once and makes the folder', () =>
    inFolder((folder) => {
      const path = join(folder, 'new', 'all.csv')
      appendCsv(path, record)
      appendCsv(path, other)
      expect(readFileSync(path, 'utf8')).toBe(csvHeader + rows + others)
    }))

  test('after a write that was torn anywhere, keeps every whole row and goes on behind them', () =>
    inFolder((folder) => {
      const whole = Buffer.from(csvHeader + rows)
      fc.assert(
        fc.property(fc.nat({ max: whole.length }), (length) => {
          const path = join(folder, 'torn.csv')
          writeFileSync(path, whole.subarray(0, length))
          appendCsv(path, other)
          const text = readFileSync(path, 'utf8')
          const left = whole.subarray(0, length).toString().split('\n').length - 2
          expect(text).toBe(csvHeader + lines.slice(0, Math.max(0, left)).join('') + others)
          // The same run once more: what was torn is made whole, and nothing stands there twice.
          writeFileSync(path, csvHeader + others + whole.subarray(csvHeader.length, Math.max(length, csvHeader.length)))
          appendCsv(path, record)
          appendCsv(path, record)
          expect(readFileSync(path, 'utf8')).toBe(csvHeader + others + rows)
        }),
        {
          numRuns: 60,
          examples: [[0], [1], [csvHeader.length - 1], [csvHeader.length], [whole.length - 1], [whole.length]],
        },
      )
    }))

  test('finds the end of a torn line that is longer than what is read at once', () =>
    inFolder((folder) => {
      const path = join(folder, 'long.csv')
      writeFileSync(path, `${csvHeader}${rows}1,${'x'.repeat(200_000)}`)
      appendCsv(path, other)
      expect(readFileSync(path, 'utf8')).toBe(csvHeader + rows + others)
    }))

  test('adds of a resumed run what does not stand there: not what it reused, whatever else has changed since', () =>
    inFolder((folder) => {
      const path = join(folder, 'all.csv')
      const heading = started([
        ['step', 'one'],
        ['step', 'two'],
      ])
      const first = recorded(heading, stepEnded('one', 'passed'), stepEnded('two', 'failed'), runEnded('failed'))
      const environment = { ...heading.environment, commit: 'later', dirty: true }
      const again = recorded(
        heading,
        { ...heading, environment, event: 'run-resumed' },
        stepEnded('one', 'passed', { attempts: 0, reused: true }),
        stepEnded('two', 'passed', { started: '2026-11-21T09:00:00.000Z', attempts: 3 }),
        runEnded('passed'),
      )
      appendCsv(path, first)
      // Far behind it, since it was resumed days later, and across what is read at once.
      writeFileSync(path, readFileSync(path, 'utf8') + others.repeat(4000))
      appendCsv(path, again)
      appendCsv(path, again)
      const [, retries = '', duration = ''] = csvRows(again)
      expect(readFileSync(path, 'utf8')).toBe(
        csvHeader + csvRows(first).join('') + others.repeat(4000) + retries + duration,
      )
      expect(retries).toContain(',two,"{""images"":""samples"",""sizes"":""720p""}",retries,1,lower,2,1,2,,2,2,')
    }))

  test('takes a file that an editor gave other line ends and a byte order mark', () =>
    inFolder((folder) => {
      const path = join(folder, 'edited.csv')
      const edited = `\ufeff${(csvHeader + rows).replaceAll('\r\n', '\n')}`
      writeFileSync(path, edited)
      appendCsv(path, record)
      appendCsv(path, other)
      expect(readFileSync(path, 'utf8')).toBe(edited + others)
    }))

  const refused: readonly (readonly [string, string, RegExp])[] = [
    [
      'of other columns',
      'name,age\nTom,7\n',
      /must be a file with the columns of schema 1: current value is name,age\. Name/,
    ],
    ['that is no CSV', 'hello', /must be a file with the columns of schema 1: current value is hello\. Name/],
    [
      'of another schema',
      csvHeader + rows.replace(/^1,/, '2,'),
      /must be a file of schema 1: current value is schema 2\. Name/,
    ],
  ]
  test.each(refused)('refuses a file %s and leaves it alone', (_, content, sentence) =>
    inFolder((folder) => {
      const path = join(folder, 'other.csv')
      writeFileSync(path, content)
      expect(problemOf(() => appendCsv(path, record))).toMatch(sentence)
      expect(readFileSync(path, 'utf8')).toBe(content)
    }),
  )

  test('refuses what is not a file', () =>
    inFolder((folder) => {
      mkdirSync(join(folder, 'folder.csv'))
      writeFileSync(join(folder, 'file'), '')
      expect(problemOf(() => appendCsv(join(folder, 'folder.csv'), record))).toContain(
        'must be a file that can be written',
      )
      expect(problemOf(() => appendCsv(join(folder, 'file', 'a.csv'), record))).toContain(
        'must be a file that can be written',
      )
      expect(problemOf(() => appendCsv('/dev/null', record))).toMatch(
        /^Cannot append results as '\/dev\/null' must be a file:/,
      )
    }))

  const asked: readonly (readonly [string, string | undefined, string, string])[] = [
    ['a file that is not there', undefined, 'all.csv', ''],
    ['a file in folders that are not there', undefined, 'new/er/all.csv', ''],
    ['results', csvHeader + rows, 'all.csv', ''],
    ['a torn header', csvHeader.slice(0, 20), 'all.csv', ''],
    ['a torn row', csvHeader + rows.slice(0, -20), 'all.csv', ''],
    [
      'other columns',
      'name,age\nTom,7\n',
      'all.csv',
      'must be a file with the columns of schema 1: current value is name,age',
    ],
    [
      'another schema',
      csvHeader + rows.replace(/^1,/, '2,'),
      'all.csv',
      'must be a file of schema 1: current value is schema 2',
    ],
    ['a folder', undefined, '.', 'must be a file that can be written: current value is EISDIR'],
    ['a file in a file', '', 'all.csv/all.csv', 'must be a file that can be written: current value is ENOTDIR'],
    ['a device', undefined, '../../../../dev/null', 'must be a file: current value is something else'],
  ]
  test.each(asked)(
    'that is only asked about, of %s, says what there is to say and changes nothing',
    (_, content, name, sentence) =>
      inFolder((folder) => {
        if (content !== undefined) writeFileSync(join(folder, 'all.csv'), content)
        const before = readdirSync(folder)
        const said = problemOf(() => refuseUnappendable(join(folder, name)))
        if (sentence === '') expect(said).toBe('nothing was thrown')
        else
          expect(said).toMatch(new RegExp(`^Cannot append results as '.*' ${sentence}.*Name another file with --csv$`))
        expect(readdirSync(folder)).toEqual(before)
        if (content !== undefined) expect(readFileSync(join(folder, 'all.csv'), 'utf8')).toBe(content)
      }),
  )

  test('on a full disk, says so and leaves what stood there', () =>
    inFolder((folder) => {
      const path = join(folder, 'full.csv')
      const kept = csvHeader + rows.repeat(6)
      writeFileSync(path, kept)
      // A limit on the size of files stops a write in its middle, as a full disk does.
      const limit = Math.ceil(kept.length / 1024)
      const child = Bun.spawnSync([
        'bash',
        '-c',
        `trap '' XFSZ; ulimit -f ${limit}; exec "$0" "$@"`,
        ...[process.execPath, join(import.meta.dir, 'appender.ts'), path, 'a', '20'],
      ])
      expect(child.stderr.toString()).toContain('must be a file that can be written')
      const text = readFileSync(path, 'utf8')
      expect(text).toStartWith(kept)
      expect(text).toEndWith('\r\n')
      expect((text.split('\r\n').length - 2) % 2).toBe(0)
    }))

  test(
    'from eight processes at once, loses and mixes nothing',
    () =>
      inFolder(async (folder) => {
        const path = join(folder, 'all.csv')
        const children = Array.from({ length: 8 }, (_, index) => appender(path, `p${index}`))
        expect(await Promise.all(children.map((child) => child.exited))).toEqual(new Array(8).fill(0))
        const [header, ...rest] = readFileSync(path, 'utf8').split(/(?<=\r\n)/)
        expect(header).toBe(csvHeader)
        const expected = children.flatMap((_, who) => Array.from({ length: 25 }, (_, index) => `p${who}-${index}`))
        expect(rest.map(runOf).sort()).toEqual(expected.flatMap((run) => [run, run]).sort())
      }),
    60_000,
  )

  test(
    'from eight processes of which five are killed, keeps all that the others wrote, in whole rows',
    () =>
      inFolder(async (folder) => {
        const path = join(folder, 'all.csv')
        const children = Array.from({ length: 8 }, (_, index) => appender(path, `p${index}`))
        const said = await Promise.all(
          children.map(async (child, index) => {
            let last = -1
            for await (const chunk of child.stdout) {
              last = Number(new TextDecoder().decode(chunk).trimEnd().split('\n').at(-1))
              if (index < 5 && last >= 3 * index) child.kill('SIGKILL')
            }
            return last
          }),
        )
        appendCsv(path, record)
        const [header, ...rest] = readFileSync(path, 'utf8').split(/(?<=\r\n)/)
        expect(header).toBe(csvHeader)
        expect(rest.filter((row) => !/^1,small,functional,.*,abc123,false\r\n$/.test(row))).toEqual([])
        expect(said.slice(5)).toEqual([24, 24, 24])
        const written = new Map<string, number>()
        for (const row of rest) written.set(runOf(row), (written.get(runOf(row)) ?? 0) + 1)
        for (const [who, last] of said.entries())
          for (let index = 0; index <= last; index++)
            expect([who, index, written.get(`p${who}-${index}`)]).toEqual([who, index, 2])
      }),
    60_000,
  )
})

function appender(path: string, who: string) {
  return Bun.spawn([process.execPath, join(import.meta.dir, 'appender.ts'), path, who, '25'], { stdout: 'pipe' })
}

function runOf(row: string): string {
  return row.split(',')[3] ?? ''
}

function problemOf(work: () => void): string {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(Problem)
    return error instanceof Error ? error.message : ''
  }
  return 'nothing was thrown'
}
