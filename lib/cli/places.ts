import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { cannot } from '../plan/problem.ts'

/** Where things of one repository stand, as absolute paths. */
export interface Places {
  /** The repository whose plans these are. */
  readonly root: string
  readonly plans: string
  readonly runs: string
  /** What can be made again: `.assay`. */
  readonly cache: string
  /** Assay's own folder. */
  readonly home: string
  /** How a person here calls a command: `bun run plan`, or `bunx assay plan`. */
  command(name: string): string
}

/** The repository at `dir`, or else the one around the current folder. Throws a Problem when `dir` is no folder. */
export function placesOf(dir: string | undefined): Places {
  const home = realpathSync(join(import.meta.dir, '../..'))
  const here = around(process.cwd())
  const root = dir === undefined ? here : resolve(dir)
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
    throw cannot('find plans', '--dir', 'a folder', dir ?? root)
  const prefix = realpathSync(here) === home ? 'bun run' : 'bunx assay'
  return {
    root,
    plans: join(root, 'plans'),
    runs: join(root, 'runs'),
    cache: join(root, '.assay'),
    home,
    command: (name) => `${prefix} ${name}`,
  }
}

/** Where `noise` keeps what it found, a file a machine. */
export function noiseFolder({ cache }: Places): string {
  return join(cache, 'noise')
}

function around(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'plans')) || existsSync(join(at, 'package.json'))) return at
    if (at === dirname(at)) return folder
  }
}

/** The names of the plans in a folder: its TypeScript files, `plan-2` before `plan-10`. */
export function planNames({ plans }: Places): readonly string[] {
  if (!existsSync(plans)) return []
  const sortable = (name: string) => name.replace(/\d+/g, (digits) => digits.padStart(9, '0'))
  return readdirSync(plans)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -3))
    .sort((a, b) => (sortable(a) < sortable(b) ? -1 : 1))
}
