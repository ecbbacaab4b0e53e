import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Code } from '../record/event.ts'
import { importsOf } from './imports.ts'
import { planFile } from './load.ts'
import type { Places } from './places.ts'

/** Where package managers write down which versions are installed. */
const locks = ['bun.lock', 'bun.lockb', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock']

/**
 * What the outputs of a plan are made by: the hash of its file and of each file of the repository that it imports, under
 * their paths in the repository. Packages count by the lock file, Assay itself by its version. What a step runs as a program
 * does not count unless the code names it as `new URL('./program.ts', import.meta.url)`.
 */
export function codeOf(places: Places, name: string): Code {
  const root = realpathSync(places.root)
  const code: Record<string, string> = { assay: assayVersion(places) }
  for (const [path, bytes] of importsOf(planFile(places, name))) code[relative(root, path)] = hashOf(bytes)
  for (const lock of locks) if (existsSync(join(root, lock))) code[lock] = hashOf(readFileSync(join(root, lock)))
  return code
}

function hashOf(bytes: Buffer): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex').slice(0, 16)
}

function assayVersion({ home }: Places): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  return version
}
