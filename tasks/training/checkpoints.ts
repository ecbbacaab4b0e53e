import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { entriesBelow } from '../../lib/index.ts'
import type { SeenCheckpoint } from './report.ts'

/** The checkpoints below a folder: folders called `checkpoint-<step>`, with what is in them; oldest first. */
export function checkpointsBelow(folder: string): SeenCheckpoint[] {
  if (!existsSync(folder)) return []
  const found = new Map<string, { step: number; files: { name: string; bytes: number }[] }>()
  for (const { path } of entriesBelow(folder)) {
    const [, at, step, name] = /^((?:.*\/)?checkpoint-(\d+))\/(.+)$/.exec(path) ?? []
    if (at === undefined || name === undefined) continue
    // One that goes on may remove what was listed.
    const bytes = statSync(join(folder, path), { throwIfNoEntry: false })?.size
    if (bytes === undefined) continue
    const checkpoint = found.get(at) ?? { step: Number(step), files: [] }
    checkpoint.files.push({ name, bytes })
    found.set(at, checkpoint)
  }
  return [...found]
    .map(([at, { step, files }]) => ({ step, path: join(folder, at), files: files.sort(byName) }))
    .sort((a, b) => a.step - b.step)
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1
}
