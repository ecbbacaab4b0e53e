import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { reference } from './launch.ts'

/** SHA-256 of the reference training's program, all its files. */
export function programDigest(): string {
  const folder = dirname(reference)
  const hash = new Bun.SHA256()
  const names = readdirSync(folder).filter((name) => name.endsWith('.py'))
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex')
}
