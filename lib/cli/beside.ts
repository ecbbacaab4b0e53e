import { closeSync, existsSync, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Problem } from '../plan/problem.ts'
import { below, isLink } from '../record/below.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Artifacts, Beside } from '../report/html/beside.ts'
import { logTails } from '../report/html/log-tails.ts'
import { resultFiles } from '../report/results.ts'
import { artifactOf, logFile } from '../run/context.ts'

/** Of all logs together, in characters, so that a page stays small; a step that did not pass gets eight times one that did. */
const mostLogged = 100_000
/** Of the run's log, in bytes: what is further back can be looked up in it. */
const mostRead = 8_000_000
/** Of one step, and of all together. */
const mostNamed = 20
const mostNamedInAll = 600

/** Looks at what lies in a run's folder; `address` is that of the folder on the page. Links are not followed. */
export function besideOf(record: RunRecord, folder: string, address: string): Beside {
  const files = new Set([...resultFiles, 'journal.jsonl', logFile].filter((name) => isThere(folder, name)))
  const artifacts = new Map<string, Artifacts>()
  const { nodes } = record.heading
  const most = Math.min(mostNamed, Math.ceil(mostNamedInAll / nodes.length))
  for (const [index, { name }] of nodes.entries()) {
    const own = artifactsIn(folder, dirname(artifactOf({ index, name }, 'any')), most)
    if (own === undefined) continue
    artifacts.set(name, own)
    for (const path of [own.folder, ...own.first.map(({ path }) => path)]) files.add(path)
  }
  for (const { ended } of record.steps)
    for (const { raw } of ended?.metrics ?? []) if (raw !== undefined && isThere(folder, raw)) files.add(raw)
  return { folder: address, files, artifacts, logs: logsOf(record, folder) }
}

/** Whether a name from the journal is one of a file in the folder. */
function isThere(folder: string, path: string): boolean {
  try {
    return existsSync(below(folder, path.split('/'), 'file of the run'))
  } catch (error) {
    if (error instanceof Problem) return false // it leads elsewhere: nothing a page may name
    throw error
  }
}

function artifactsIn(folder: string, own: string, most: number): Artifacts | undefined {
  if (isLink(join(folder, dirname(own))) || isLink(join(folder, own)) || !existsSync(join(folder, own)))
    return undefined
  const paths = [...filesIn(folder, own)].sort()
  if (paths.length === 0) return undefined
  const first = paths.slice(0, most).map((path) => ({ path, bytes: lstatSync(join(folder, path)).size }))
  return { folder: own, first, count: paths.length }
}

function* filesIn(folder: string, path: string): Iterable<string> {
  for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
    if (entry.isDirectory()) yield* filesIn(folder, `${path}/${entry.name}`)
    else if (entry.isFile()) yield `${path}/${entry.name}`
  }
}

function logsOf({ steps }: RunRecord, folder: string): Beside['logs'] {
  const path = join(folder, logFile)
  if (!existsSync(path) || isLink(path)) return new Map()
  const { text, whole } = endOf(path)
  const wrong = new Set(
    steps.flatMap(({ name, ended }) => (ended === undefined || ended.outcome === 'passed' ? [] : [name])),
  )
  const share = mostLogged / (steps.length + 7 * wrong.size)
  const characters = (name: string) => Math.min(4000, share) * (wrong.has(name) ? 8 : 1)
  return logTails(text, new Set(steps.map(({ name }) => name)), characters, whole)
}

function endOf(path: string): { readonly text: string; readonly whole: boolean } {
  const fd = openSync(path, 'r')
  try {
    const { size } = fstatSync(fd)
    const bytes = Buffer.alloc(Math.min(size, mostRead))
    let read = 0
    for (let more = -1; more !== 0 && read < bytes.length; read += more)
      more = readSync(fd, bytes, read, bytes.length - read, size - bytes.length + read)
    return { text: bytes.toString('utf8', 0, read), whole: bytes.length === size }
  } finally {
    closeSync(fd)
  }
}
