import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../plan/problem.ts'
import type { Mask } from '../record/mask.ts'

/** Renames what steps left in their folders under names that hold a secret; says so of each. Links are not followed. */
export function hideSecretNames(folder: string, mask: Mask): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const within = entry.isDirectory() ? hideSecretNames(join(folder, entry.name), mask) : []
    const shown = mask(entry.name)
    return shown === entry.name ? within : [...within, renamed(folder, entry.name, shown)]
  })
}

function renamed(folder: string, name: string, shown: string): string {
  let free = shown
  for (let count = 2; existsSync(join(folder, free)); count++) free = `${shown}-${count}`
  try {
    renameSync(join(folder, name), join(folder, free))
    return `renamed what a step left under a name with a secret in it: ${join(folder, free)}`
  } catch (error) {
    return `could not rename ${join(folder, shown)}, whose name holds a secret: ${messageOf(error)}`
  }
}
