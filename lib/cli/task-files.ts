import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Places } from './places.ts'

/** By name every `tasks/<subject>/<name><ending>` of the repository and of Assay; the repository's own wins. */
export function taskFiles({ root, home }: Places, ending: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const folder of [join(root, 'tasks'), join(home, 'tasks')]) {
    if (!existsSync(folder)) continue
    for (const subject of readdirSync(folder, { withFileTypes: true })) {
      if (!subject.isDirectory()) continue
      for (const file of readdirSync(join(folder, subject.name))) {
        const name = basename(file, ending)
        if (file.endsWith(ending) && !files.has(name)) files.set(name, join(folder, subject.name, file))
      }
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}
