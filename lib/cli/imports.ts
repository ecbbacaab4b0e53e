import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

const script = /\.[cm]?[jt]sx?$/

// By what stands before a quoted name, since parsing takes three times as long and this runs before every run. It may find a name in
// a comment, which is a file too many at worst. Types are no code.
const types = String.raw`\b(?:import|export)\s+type\s+(?!from\b)[^'"${'`'};]*?\bfrom\s*(['"])[^'"\n]+\1`
const imported = String.raw`\b(?:from|import|require)\s*\(?\s*(?:\/\*[^]*?\*\/\s*)?(['"${'`'}])([^'"${'`'}\n$]+)\2`
/** How a worker or a program of the repository is named. */
const beside = String.raw`\bnew URL\(\s*(['"])(\.{1,2}\/[^'"\n]+)\4\s*,\s*import\.meta\.url\s*,?\s*\)`
const names = new RegExp(`${types}|${imported}|${beside}`, 'g')

/**
 * The file and every file that it imports, directly or through others, by absolute real path, with what is in it;
 * `await import('./x.ts')` counts and so does `new URL('./x.ts', import.meta.url)`, of a Python program with all Python files beside it;
 * what lies in `node_modules` does not.
 */
export function importsOf(file: string): ReadonlyMap<string, Buffer> {
  const found = new Map([[realpathSync(file), readFileSync(file)]])
  const resolve = resolver()
  for (const [path, bytes] of found)
    if (script.test(path))
      for (const name of importedNames(bytes.toString())) {
        for (const target of programOf(resolve(name, dirname(path))))
          if (!found.has(target)) found.set(target, readFileSync(target))
      }
  return found
}

/** Of a Python program also what lies beside it, which it imports by name alone. */
function programOf(file: string | undefined): readonly string[] {
  if (file === undefined) return []
  const folder = dirname(file)
  const beside = file.endsWith('.py') ? readdirSync(folder).filter((name) => name.endsWith('.py')) : []
  return [file, ...beside.sort().map((name) => join(folder, name))]
}

/** What the source of a script imports, as it is written there. */
export function importedNames(source: string): readonly string[] {
  return [...source.matchAll(names)].flatMap((match) => match[3] ?? match[5] ?? [])
}

/** Finds files outside of `node_modules`, asking for each only once. */
function resolver() {
  const known = new Map<string, string | undefined>()
  return (name: string, from: string): string | undefined => {
    if (name.startsWith('node:')) return undefined
    // One package of a name is taken to be the same for all, as it is where they are linked to folders of the repository.
    const key = name.startsWith('.') ? join(from, name) : name
    if (!known.has(key)) known.set(key, fileOf(name, from))
    return known.get(key)
  }
}

function fileOf(name: string, from: string): string | undefined {
  const path = (name.startsWith('.') ? fileAt(join(from, name)) : undefined) ?? resolved(name, from)
  return path?.includes('/node_modules/') ? undefined : path
}

function resolved(name: string, from: string): string | undefined {
  try {
    return fileAt(Bun.resolveSync(name, from)) // a built-in has a name and no file
  } catch {
    return undefined // an optional package that is not installed
  }
}

function fileAt(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? realpathSync(path) : undefined
}
