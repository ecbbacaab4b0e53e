import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, Problem, sentence } from '../plan/problem.ts'
import { tryLock } from '../record/lock.ts'
import type { RunRecord } from '../record/run-record.ts'
import { csvColumns, csvHeader, csvRows, csvSchema } from './csv.ts'
import { csvCells, csvRecord } from './csv-records.ts'
import { refusePlace } from './place.ts'

/**
 * Adds a run's rows to the file at `path`, which is made where it is missing; several processes may do so at once. Throws a
 * Problem for a file of another schema or header, for what is not a file, and when it cannot be written: what stood in the
 * file stays, but for a torn last line that a killed process left. Rows that stand there already are not added again: of a
 * resumed run, or of one whose process was killed as it wrote.
 */
export function appendCsv(path: string, record: RunRecord): void {
  const fd = guarded(path, recorded, () => openLocked(path))
  try {
    const end = guarded(path, recorded, () => endOf(fd, path))
    const there = guarded(path, recorded, () => linesWith(fd, end, record.heading.run))
    const rows = missing(csvRows(record), there).join('')
    guarded(path, recorded, () => writeAt(fd, end === 0 ? csvHeader + rows : rows, end))
  } finally {
    closeSync(fd)
  }
}

/** Throws the Problem that `appendCsv` would throw now, as far as can be told without writing: nothing is made or changed. */
export function refuseUnappendable(path: string): void {
  guarded(path, other, () => {
    if (!existsSync(path)) return refusePlace(path)
    const fd = openSync(path, constants.O_RDWR)
    try {
      refuseForeign(fd, path, other)
    } finally {
      closeSync(fd)
    }
  })
}

const waitMs = 30_000
const pauseMs = 5

/**
 * The file is its own lock, so nothing else is left beside it. While somebody waits, `report --csv` may put another file in
 * its place: what was locked must still be what the path names.
 */
function openLocked(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  const deadline = performance.now() + waitMs
  while (performance.now() < deadline) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
    try {
      refuseSpecial(fd, path, recorded)
      if (tryLock(fd) && statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) return fd
    } catch (error) {
      closeSync(fd)
      throw error
    }
    closeSync(fd)
    Bun.sleepSync(pauseMs)
  }
  throw new Problem(sentence(action, path, 'free', `held by another process for ${waitMs / 1000} s`, recorded))
}

const action = 'append results'
const other = 'Name another file with --csv'
const recorded = `${other}; the run itself is recorded, and bun run report makes its results again`

function refuseSpecial(fd: number, path: string, next: string): void {
  if (!fstatSync(fd).isFile()) throw new Problem(sentence(action, path, 'a file', 'something else', next))
}

/** Throws for a file that holds something else than results of this schema; otherwise says whether its header is whole. */
function refuseForeign(fd: number, path: string, next: string): 'whole' | 'torn' {
  refuseSpecial(fd, path, next)
  const head = read(fd, 0, Math.min(fstatSync(fd).size, chunk))
  const lines = head.toString('utf8').split('\n')
  // A header that was never finished is all there is.
  if (lines.length === 1 && csvHeader.startsWith(lines[0] ?? '')) return 'torn'
  const [header = '', first = ''] = lines.map((line) => line.replace(/^\ufeff|\r$/g, ''))
  if (`${header}\r\n` !== csvHeader)
    throw new Problem(sentence(action, path, `a file with the columns of schema ${csvSchema}`, header, next))
  const schema = /^"?(\d+)"?,/.exec(first)?.[1]
  if (schema !== undefined && Number(schema) !== csvSchema)
    throw new Problem(sentence(action, path, `a file of schema ${csvSchema}`, `schema ${schema}`, next))
  return 'whole'
}

/** Where the next row goes, once the file is known to be ours and a torn last line is cut off. */
function endOf(fd: number, path: string): number {
  if (refuseForeign(fd, path, recorded) === 'torn') return cut(fd, 0)
  const { size } = fstatSync(fd)
  for (let end = size; end > 0; end -= chunk) {
    const start = Math.max(0, end - chunk)
    const newline = read(fd, start, end - start).lastIndexOf(0x0a)
    if (newline !== -1) return start + newline + 1 === size ? size : cut(fd, start + newline + 1)
  }
  return cut(fd, 0)
}

const chunk = 64 * 1024

/** The lines up to `end` that hold `word`. */
function linesWith(fd: number, end: number, word: string): readonly string[] {
  const found: string[] = []
  let rest = Buffer.alloc(0)
  for (let at = 0; at < end; ) {
    const more = read(fd, at, Math.min(16 * chunk, end - at))
    at += more.length
    const block = Buffer.concat([rest, more])
    const whole = block.lastIndexOf(0x0a) + 1
    rest = block.subarray(whole)
    if (block.includes(word))
      found.push(...(block.toString('utf8', 0, whole).match(/[^\n]*\n/g) ?? []).filter((line) => line.includes(word)))
  }
  return found
}

/** The rows that do not stand in the file as often, by what they tell of. */
function missing(rows: readonly string[], there: readonly string[]): readonly string[] {
  const left = there.map(subjectOf)
  return rows.filter((row) => {
    const at = left.indexOf(subjectOf(row))
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}

/** A sitting may tell of a step that it reused with other parameters or another commit: it is the same end of the same step. */
function subjectOf(row: string): string {
  const { plan, run, step, metric, unit, outcome, started_at } = csvRecord(csvColumns, csvCells(row)[0] ?? [])
  return JSON.stringify([plan, run, step, metric, unit, outcome, started_at])
}

function read(fd: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, start))
}

function cut(fd: number, length: number): number {
  ftruncateSync(fd, length)
  return length
}

function writeAt(fd: number, text: string, end: number): void {
  const bytes = Buffer.from(text)
  try {
    for (let written = 0; written < bytes.length; )
      written += writeSync(fd, bytes, written, bytes.length - written, end + written)
    fdatasyncSync(fd)
  } catch (error) {
    ftruncateSync(fd, end) // a full disk takes some of the rows; a run stands here whole or not at all
    throw error
  }
}

function guarded<T>(path: string, next: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(sentence(action, path, 'a file that can be written', messageOf(error), next))
  }
}
