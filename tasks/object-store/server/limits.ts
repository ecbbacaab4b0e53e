import { existsSync, readFileSync } from 'node:fs'

/** How many descriptors this process may have open; as if there were no limit where that can't be read. */
function openFiles(): number {
  const limits = '/proc/self/limits'
  const line = existsSync(limits) ? /^Max open files\s+(\d+)/m.exec(readFileSync(limits, 'utf8')) : null
  return Number(line?.[1] ?? Number.POSITIVE_INFINITY)
}

/**
 * A quarter of the descriptors for connections, each of which may need another for the file it writes, and an eighth for files that stay
 * open: what comes beyond is turned away and comes again, where running out would leave every request without its file.
 */
export const mostConnections = Math.min(65_536, Math.floor(openFiles() / 4))
export const mostHandles = Math.min(512, Math.floor(openFiles() / 8))
