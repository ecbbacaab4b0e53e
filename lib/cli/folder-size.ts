import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What a folder and all in it hold: bytes, and when the newest of it was written (milliseconds). Links are not followed. */
export function folderSize(path: string): { readonly bytes: number; readonly newest: number } {
  if (!existsSync(path)) return { bytes: 0, newest: 0 }
  const { size, mtimeMs } = lstatSync(path)
  let [bytes, newest] = [lstatSync(path).isDirectory() ? 0 : size, mtimeMs]
  if (!lstatSync(path).isDirectory()) return { bytes, newest }
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    const stat = lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })
    if (stat === undefined) continue // a run that goes on may remove what was listed
    if (!stat.isDirectory()) bytes += stat.size
    newest = Math.max(newest, stat.mtimeMs)
  }
  return { bytes, newest }
}
