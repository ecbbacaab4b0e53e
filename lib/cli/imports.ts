import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'

const loaders: Readonly<Record<string, 'ts' | 'tsx' | 'js' | 'jsx'>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
}

/**
 * The file and every file of the repository at `root` that it imports, directly or through others, as absolute paths;
 * `await import('./x.ts')` counts, packages do not. A file that does not parse ends its branch.
 */
export function importsOf(file: string, root: string): readonly string[] {
  const found = new Set([file])
  for (const path of found) {
    const loader = loaders[extname(path)]
    if (loader === undefined) continue
    for (const { path: specifier } of scan(loader, readFileSync(path, 'utf8'))) {
      const target = resolved(specifier, dirname(path))
      if (target?.startsWith(`${root}/`) && !target.includes('/node_modules/')) found.add(target)
    }
  }
  return [...found]
}

function scan(loader: 'ts' | 'tsx' | 'js' | 'jsx', source: string) {
  try {
    return new Bun.Transpiler({ loader }).scanImports(source)
  } catch {
    return [] // it was imported a moment ago, so this is one that nothing has loaded yet
  }
}

function resolved(specifier: string, from: string): string | undefined {
  try {
    const path = Bun.resolveSync(specifier, from)
    return existsSync(path) ? path : undefined // a built-in has a name and no file
  } catch {
    return undefined // an optional package that is not installed
  }
}
