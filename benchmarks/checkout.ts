import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')

/** A copy of Assay in `folder` with no plans but those that are put there, so that what is measured doesn't change under it. */
export function checkout(folder: string): void {
  mkdirSync(join(folder, 'plans'), { recursive: true })
  for (const name of ['lib', 'tasks', 'package.json', 'bunfig.toml', 'tsconfig.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
}
