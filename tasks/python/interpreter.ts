import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { cannot } from '../../lib/index.ts'
import { type PythonWork, runProgram } from './programs.ts'

/** A Python that is new enough. */
export interface Interpreter {
  /** `3.11.7` */
  readonly version: string
  readonly python: string
  /** Where it came from, should it be that of an environment: what others can be made of. */
  readonly base: string
  /** The folder of its scripts. */
  readonly bin: string
  /** Why it lacks each module that it lacks. */
  readonly missing: Readonly<Record<string, string>>
  /** Of those modules that are called as their package is. */
  readonly versions: Readonly<Record<string, string>>
}

/** What became of looking at a program that should be a Python; `version` is that of one which is too old. */
export type Looked =
  | ({ readonly kind: 'python' } & Interpreter)
  | { readonly kind: 'old'; readonly version: string }
  | { readonly kind: 'none'; readonly reason: string }

export const leastPython = '3.11'

const Seen = v.object({
  version: v.string(),
  python: v.string(),
  base: v.string(),
  bin: v.string(),
  missing: v.record(v.string(), v.string()),
  versions: v.record(v.string(), v.string()),
})
const Old = v.object({ version: v.string() })

const script = fileURLToPath(new URL('./look.py', import.meta.url))

/** How modules are looked for: whether they are installed (a tenth of a second), or whether they can be loaded (with torch, seconds). */
export type Look = 'find' | 'import'

/** Asks a Python what it is and which of `modules` it lacks; `words` are its path and what else must stand before the script. */
export async function look(
  words: readonly string[],
  how: Look,
  modules: readonly string[],
  work: Pick<PythonWork, 'env' | 'signal'>,
): Promise<Looked> {
  const { env, signal } = work
  const ran = await runProgram([...words, script, how, ...modules], { env, signal, within: 120_000 })
  if (ran.kind === 'failed') return { kind: 'none', reason: ran.reason }
  const line = parsed(ran.out.at(-1) ?? '')
  const seen = v.safeParse(Seen, line)
  if (seen.success) return { kind: 'python', ...seen.output }
  const old = v.safeParse(Old, line)
  return old.success ? { kind: 'old', ...old.output } : { kind: 'none', reason: 'it does not answer as a Python does' }
}

// The system's own first; then, as wheels are there for those first, not the newest.
const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python']

/** A Python on PATH that is new enough. Throws a Problem that says what there is instead. */
export async function findPython(action: string, work: Pick<PythonWork, 'env' | 'signal'>): Promise<Interpreter> {
  const others: string[] = []
  for (const name of names) {
    const path = Bun.which(name, { PATH: work.env.PATH ?? '' })
    if (path === null) continue
    const looked = await look([path], 'find', [], { ...work, env: plain(work.env) })
    if (looked.kind === 'python') return looked
    others.push(`${path}: ${looked.kind === 'old' ? looked.version : looked.reason}`)
  }
  throw cannot(
    action,
    'python3',
    `Python ${leastPython} or newer on PATH`,
    others.length === 0 ? 'not there' : others.join('; '),
    'Install one (with uv: uv python install 3.13), or name yours by ASSAY_PYTHON.',
  )
}

/** The environment without what would lead a Python elsewhere than to its own packages. */
export function plain(env: PythonWork['env']): PythonWork['env'] {
  return { ...env, PYTHONHOME: undefined, PYTHONPATH: undefined, VIRTUAL_ENV: undefined }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
