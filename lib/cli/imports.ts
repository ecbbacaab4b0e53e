import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'

type Loader = 'ts' | 'tsx' | 'js' | 'jsx'

const loaders: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
}

/** How a worker or a program of the repository is named: `new URL('./worker.ts', import.meta.url)`. */
const besideIt = /\bnew URL\(\s*(['"])(\.{1,2}\/[^'"\n]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g

/**
 * The file and every file that it imports, directly or through others, by absolute real path, with what is in it;
 * `await import('./x.ts')` counts and so does `new URL('./x.ts', import.meta.url)`, what lies in `node_modules` does not. A
 * file that does not parse ends its branch.
 */
export function importsOf(file: string): ReadonlyMap<string, Buffer> {
  const found = new Map([[realpathSync(file), readFileSync(file)]])
  const scanner = scannerOf()
  for (const [path, bytes] of found)
    for (const specifier of scanner(path, bytes)) {
      const target = resolved(specifier, dirname(path))
      if (target !== undefined && !found.has(target) && !target.includes('/node_modules/'))
        found.set(target, readFileSync(target))
    }
  return found
}

/** What a file imports, by the names that stand in it. */
function scannerOf() {
  const transpilers = new Map<Loader, Bun.Transpiler>()
  return (path: string, bytes: Buffer): readonly string[] => {
    const loader = loaders[extname(path)]
    if (loader === undefined) return []
    const transpiler = transpilers.get(loader) ?? new Bun.Transpiler({ loader })
    transpilers.set(loader, transpiler)
    const source = bytes.toString()
    const beside = [...source.matchAll(besideIt)].flatMap(([, , specifier]) => specifier ?? [])
    try {
      return [...transpiler.scanImports(source).map(({ path }) => path), ...beside]
    } catch {
      return beside // it was imported a moment ago, so this is one that nothing has loaded yet
    }
  }
}

function resolved(specifier: string, from: string): string | undefined {
  // Most are the names of files, and asking the resolver costs more than all the rest.
  const path = specifier.startsWith('.') ? fileAt(join(from, specifier)) : undefined
  if (path !== undefined || specifier.startsWith('node:')) return path
  try {
    return fileAt(Bun.resolveSync(specifier, from)) // a built-in has a name and no file
  } catch {
    return undefined // an optional package that is not installed
  }
}

function fileAt(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? realpathSync(path) : undefined
}
