import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What a run makes anew in each repository: linking them would let the runs meet. */
const own = new Set(['runs', '.assay', 'coverage'])

/**
 * A repository at `dir` in which everything is that of `root`, by links, but its runs: plans run in it as they do at home,
 * and beside each other.
 */
export function mirror(root: string, dir: string): void {
  mkdirSync(join(dir, '.assay'), { recursive: true })
  mkdirSync(join(dir, 'runs'))
  for (const name of readdirSync(root)) if (!own.has(name)) symlinkSync(join(root, name), join(dir, name))
  // Python's environments are large, and nothing in them knows of runs.
  const python = join(root, '.assay/python')
  if (existsSync(python)) symlinkSync(python, join(dir, '.assay/python'))
}

/** Every file below `folder`, relative to it and sorted; links are not followed, and an empty folder ends in `/`. */
export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .flatMap((name) => {
      if (!lstatSync(join(folder, name)).isDirectory()) return [name]
      const inner = filesBelow(join(folder, name))
      return inner.length === 0 ? [`${name}/`] : inner.map((path) => `${name}/${path}`)
    })
    .sort()
}
