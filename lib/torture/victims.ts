import type { Kill } from './kills.ts'
import { type Proc, procOf } from './procs.ts'

/** The processes of a run by what they are there for. */
export interface Cast {
  /** What the person started: `bun run`, or `bunx`. */
  readonly wrapper: readonly number[]
  /** What runs the plan. */
  readonly runner: readonly number[]
  /** What watches over the runner. */
  readonly sentinel: readonly number[]
  /** Everything else: services, and programs of steps, oldest first. */
  readonly others: readonly Proc[]
}

/** Tells the processes `pids` of the run that `first` began apart, by their command lines alone. */
export function castOf(first: number, pids: readonly number[]): Cast {
  const procs = pids.flatMap((pid) => procOf(pid) ?? [])
  const role = (proc: Proc) => {
    if (isSentinel(proc)) return 'sentinel'
    if (isRunner(proc)) return 'runner'
    return proc.pid === first ? 'wrapper' : 'other'
  }
  const of = (wanted: string) => procs.filter((proc) => role(proc) === wanted)
  const ids = (wanted: string) => of(wanted).map(({ pid }) => pid)
  return {
    wrapper: ids('wrapper'),
    runner: ids('runner'),
    sentinel: ids('sentinel'),
    others: of('other').sort((a, b) => a.born - b.born || a.pid - b.pid),
  }
}

/** Whom to signal for a victim, groups as negative numbers; empty when the run has none such now. */
export function targetsOf({ victim, index }: Kill, first: number, cast: Cast): readonly number[] {
  switch (victim) {
    case 'runner':
    case 'wrapper':
      return cast[victim]
    case 'sentinel': {
      const { sentinel } = cast
      // One of them: with all of them and the runner it is `all`.
      return sentinel.length === 0 ? [] : sentinel.slice(index % sentinel.length).slice(0, 1)
    }
    case 'service':
      // The first program that is not Assay's: whoever needs a service waits for it.
      return cast.others.slice(0, 1).map(({ pid }) => pid)
    case 'group':
      return cast.runner.length === 0 ? [] : [-first]
    case 'all':
      return cast.runner.length === 0 ? [] : [...cast.sentinel, ...cast.wrapper, ...cast.runner]
  }
}

function isRunner({ args }: Proc): boolean {
  const at = args.findIndex((arg) => /\/(main\.ts|assay)$/.test(arg))
  return at !== -1 && args[at + 1] === 'plan'
}

function isSentinel({ args }: Proc): boolean {
  return args.includes('assay-sentinel')
}
