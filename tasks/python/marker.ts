import { closeSync, existsSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { type Interpreter, look, plain } from './interpreter.ts'
import type { PythonWork } from './programs.ts'
import type { Recipe } from './recipes.ts'

/** What stands at an environment's folder. Only one that has its marker, of this lock, Python and place, and that starts, is whole. */
export type Standing =
  | { readonly kind: 'absent' }
  | { readonly kind: 'broken'; readonly because: string }
  | { readonly kind: 'whole'; readonly interpreter: Interpreter }

// `bun run doctor` reads `what` of it.
const markerFile = 'made.json'

const Marker = v.object({
  what: v.string(),
  lock: v.string(),
  /** `3.11`: what its packages were chosen for. */
  python: v.string(),
  /** Its scripts name their interpreter by its path, so that it can't be moved. */
  folder: v.string(),
})

export async function standing(
  folder: string,
  recipe: Recipe,
  { env, signal }: Pick<PythonWork, 'env' | 'signal'>,
): Promise<Standing> {
  if (!existsSync(folder)) return { kind: 'absent' }
  const marker = markerIn(folder)
  if (marker === undefined) return { kind: 'broken', because: 'its making was cut short' }
  if (marker.lock !== lockHash(recipe)) return { kind: 'broken', because: 'its lock file changed' }
  if (marker.folder !== realpathSync(folder)) return { kind: 'broken', because: 'its folder was moved' }
  const looked = await look([join(folder, 'bin/python'), '-I'], 'find', recipe.modules, { env: plain(env), signal })
  if (looked.kind !== 'python') {
    const because = looked.kind === 'old' ? `its Python is ${looked.version}` : `its Python does not start`
    return { kind: 'broken', because }
  }
  if (minorOf(looked) !== marker.python) return { kind: 'broken', because: `its Python became ${looked.version}` }
  const [missing] = Object.keys(looked.missing)
  return missing === undefined
    ? { kind: 'whole', interpreter: looked }
    : { kind: 'broken', because: `${missing} is missing in it` }
}

/** Says that all of it is there: the last thing that its maker does. */
export function mark(folder: string, recipe: Recipe, interpreter: Interpreter, what: string): void {
  const marker = { what, lock: lockHash(recipe), python: minorOf(interpreter), folder: realpathSync(folder) }
  const path = join(folder, markerFile)
  const fd = openSync(`${path}.new`, 'w')
  try {
    writeSync(fd, `${JSON.stringify(marker)}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${path}.new`, path)
}

function markerIn(folder: string): v.InferOutput<typeof Marker> | undefined {
  try {
    const marker = v.safeParse(Marker, JSON.parse(readFileSync(join(folder, markerFile), 'utf8')))
    return marker.success ? marker.output : undefined
  } catch {
    return undefined // none, or not ours
  }
}

function lockHash({ lock, torch, modules }: Recipe): string {
  const hash = new Bun.CryptoHasher('sha256').update(modules.join(' '))
  for (const file of [lock, ...(torch ? [torch.lock] : [])]) hash.update(readFileSync(file))
  return hash.digest('hex')
}

function minorOf({ version }: Interpreter): string {
  return version.split('.').slice(0, 2).join('.')
}
