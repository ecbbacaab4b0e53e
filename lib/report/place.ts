import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** Throws what the system says against a new file at `path`, with whatever folders it would need; makes nothing. */
export function refusePlace(path: string): void {
  if (path === '' || path.endsWith('/')) throw new Error('no name of a file')
  // With its slash, a file in the way of a folder says so.
  accessSync(`${nearestFolder(path)}/`, constants.W_OK | constants.X_OK)
}

/** Where folders would have to be made for the file. */
function nearestFolder(path: string): string {
  const folder = dirname(path)
  return existsSync(folder) ? folder : nearestFolder(folder)
}
