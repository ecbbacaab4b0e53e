import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../lib/index.ts'
import { checkpointsBelow } from './checkpoints.ts'

/** Turns over one byte in the middle of the largest file of the newest checkpoint: as long as before, and not what was saved. */
export function damageNewest(folder: string): void {
  const newest = checkpointsBelow(folder).at(-1)
  const largest = newest?.files.toSorted((a, b) => b.bytes - a.bytes)[0]
  if (newest === undefined || largest === undefined) throw new Failure('it left no checkpoint to damage')
  const file = join(newest.path, largest.name)
  const bytes = readFileSync(file)
  const middle = bytes.length >> 1
  bytes[middle] = 255 - (bytes[middle] ?? 0)
  writeFileSync(file, bytes)
}
