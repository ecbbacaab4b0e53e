import { lstatSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { entriesBelow } from '../record/folder.ts'

/** What a folder and all in it hold: bytes, and when the newest of it was written (milliseconds). Links are not followed. */
export function folderSize(path: string): { readonly bytes: number; readonly newest: number } {
  const own = lookAt(path)
  if (own === undefined) return { bytes: 0, newest: 0 }
  let [bytes, newest] = [own.isDirectory() ? 0 : own.size, own.mtimeMs]
  if (!own.isDirectory()) return { bytes, newest }
  for (const { path: name } of entriesBelow(path)) {
    const stats = lookAt(join(path, name))
    if (stats === undefined) continue // a run that goes on may remove what was listed
    bytes += stats.size
    newest = Math.max(newest, stats.mtimeMs)
  }
  return { bytes, newest }
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}
