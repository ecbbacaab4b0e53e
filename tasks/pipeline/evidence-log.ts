import type { LogEvidence, LoggedFile } from './evidence.ts'
import { isS3Uri } from './uri.ts'

export interface LogReader {
  add(line: string): void
  /** How many requests it says it repeated, in the words of our own stages. */
  repeated(): number
  evidence(last: readonly string[]): LogEvidence
}

/** More than that is a log that repeats itself. */
const mostFiles = 500_000

/** Reads a stage's log line by line for the files under `root` that it names. */
export function readLog(root: string): LogReader {
  const files: LoggedFile[] = []
  let lines = 0
  let jsonLines = 0
  let repeated = 0
  return {
    add: (line) => {
      const fields = jsonObject(line)
      const event = fields !== undefined && 'event' in fields ? fields.event : undefined
      if (event === 'repeated') repeated += 1
      // How many of these there are is a matter of time: two runs that did the same would not be the same.
      if (event === 'repeated' || event === 'progress') return
      lines += 1
      if (fields === undefined) return
      jsonLines += 1
      const file = fileIn(fields, root)
      if (file && files.length < mostFiles) files.push(file)
    },
    repeated: () => repeated,
    evidence: (last) => ({ lines, jsonLines, files, last: [...last] }),
  }
}

function jsonObject(line: string): object | undefined {
  if (!line.trimStart().startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** What the line says of a file: each fact is known by its look, since every logger has names of its own for them. */
function fileIn(fields: object, root: string): LoggedFile | undefined {
  let path: string | undefined
  let uri: string | undefined
  let bytes: number | undefined
  let sha256: string | undefined
  for (const [name, value] of leaves(fields)) {
    if (typeof value === 'number' && /bytes|size|length/i.test(name)) bytes ??= value
    if (typeof value !== 'string') continue
    if (value.startsWith(`${root}/`)) path ??= value.slice(root.length + 1)
    else if (isS3Uri(value)) uri ??= value
    else if (/^(sha256:)?[0-9a-f]{64}$/i.test(value)) sha256 ??= value.slice(-64).toLowerCase()
  }
  if (path === undefined) return undefined
  return { path, ...(uri && { uri }), ...(bytes !== undefined && { bytes }), ...(sha256 && { sha256 }) }
}

function* leaves(fields: object, depth = 0): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'object' && value !== null && depth < 3) yield* leaves(value, depth + 1)
    else yield [name, value]
  }
}
