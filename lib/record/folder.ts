import { closeSync, type Dirent, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs'

// Built-ins only: the list of plans reads through these before anything else is loaded.

// Most last lines are short, and a start of a plan reads those of many runs.
const tails = [1024, 64 * 1024]

/** The last complete line of the file at `path`; undefined where there is no file or no such line. */
export function lastLine(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return undefined
  const fd = openSync(path, 'r')
  try {
    for (const tail of tails) {
      const bytes = Buffer.alloc(Math.min(size, tail))
      readSync(fd, bytes, 0, bytes.length, size - bytes.length)
      const end = bytes.lastIndexOf(0x0a)
      const start = end < 1 ? 0 : bytes.lastIndexOf(0x0a, end - 1) + 1
      const whole = start > 0 || size <= tail || tail === tails.at(-1)
      if (whole) return end === -1 ? undefined : bytes.toString('utf8', start, end)
    }
    return undefined
  } finally {
    closeSync(fd)
  }
}

/** The names of the folders in `path`, sorted; hidden ones left out. */
export function foldersOf(path: string): readonly string[] {
  if (!existsSync(path)) return []
  const entries = readdirSync(path, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() && !entry.name.startsWith('.') ? [entry.name] : [])).sort()
}

/**
 * Everything below a folder but the folders themselves, each with its path relative to it. Links are told and not followed, as Bun's
 * own recursive `readdir` follows them: out of the folder, or round and round.
 */
export function* entriesBelow(
  folder: string,
  within = '',
): Generator<{ readonly path: string; readonly entry: Dirent }> {
  for (const entry of entriesOf(`${folder}/${within}`)) {
    const path = within + entry.name
    if (entry.isDirectory()) yield* entriesBelow(folder, `${path}/`)
    else yield { path, entry }
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (existsSync(folder)) throw error
    return [] // a run that goes on may remove what was listed
  }
}
