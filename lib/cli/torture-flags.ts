import { availableParallelism } from 'node:os'
import { cannot } from '../plan/problem.ts'
import { type Victim, victims } from '../torture/kills.ts'
import { commonFlags, type Flags, type parseFlags } from './flags.ts'

export const tortureFlags = {
  kills: { type: 'string', value: 'N', help: 'so many kills (default 60)' },
  victims: { type: 'string', value: 'LIST', help: `who is killed (default: ${victims.join(',')})` },
  signal: { type: 'string', value: 'NAME', help: 'KILL (default), TERM, INT or HUP' },
  seed: { type: 'string', value: 'N', help: 'the same kills again (default: another each time)' },
  only: { type: 'string', value: 'N', help: 'only the kill of this number, from 0 on' },
  faults: { type: 'boolean', help: 'a tenth of what the runs ask of the embedded object store goes wrong, too' },
  set: { type: 'string', multiple: true, value: 'k=v', help: 'gives a parameter of the plan' },
  jobs: { type: 'string', value: 'N', help: 'so many runs at once (default: the number of cores)' },
  within: { type: 'string', value: 'MINUTES', help: 'begins no more kills after so long' },
  keep: { type: 'boolean', help: 'leaves the folders of the kills that went wrong' },
  json: { type: 'boolean', help: 'prints what was found as one JSON object on stdout' },
  ...commonFlags,
} as const satisfies Flags

export const tortureWords = `Kills runs of a plan and resumes them, and says what that cost

  PLAN       the name of a plan

A run is killed after each line of its journal, between lines, while its processes are born and while they write; after one kill in four half
a line is put at the end of its journal, as a power cut may. Each time it is resumed, and compared with runs that nothing broke. Exits 1 if a
result was lost, a process lived on, something was said to have passed that had not, a journal could not be read, or a resumed run came to
something else. Needs Linux.

flags
`

/** What is asked for. */
export interface Request {
  readonly plan: string
  readonly seed: number
  /** The numbers of the kills. */
  readonly kills: readonly number[]
  readonly victims: readonly Victim[]
  readonly signal: NodeJS.Signals
  readonly jobs: number
  readonly withinMs: number
  readonly faults: boolean
  /** The plan's parameters, as `--set` gives them. */
  readonly sets: readonly string[]
}

/** Reads the command line; throws a Problem for what is wrong in it. */
export function requestOf(
  values: ReturnType<typeof parseFlags<typeof tortureFlags>>['values'],
  positionals: readonly string[],
): Request {
  const [plan, ...more] = positionals
  if (plan === undefined || more.length > 0 || /[*?[{]/.test(plan))
    throw cannot('torture a plan', 'PLAN', 'the name of one plan', positionals.join(' ') || 'none')
  const count = whole('--kills', values.kills ?? '60', 1)
  const only = values.only === undefined ? undefined : whole('--only', values.only, 0, count - 1)
  return {
    plan,
    seed: whole('--seed', values.seed ?? String(Math.floor(Math.random() * 1e6)), 0),
    kills: only === undefined ? Array.from({ length: count }, (_, index) => index) : [only],
    victims: victimsOf(values.victims),
    signal: signalOf(values.signal ?? 'KILL'),
    jobs: whole('--jobs', values.jobs ?? String(availableParallelism()), 1),
    withinMs: values.within === undefined ? Number.POSITIVE_INFINITY : 60_000 * whole('--within', values.within, 1),
    faults: values.faults ?? false,
    sets: values.set ?? [],
  }
}

function whole(flag: string, given: string, from: number, to?: number): number {
  if (/^\d{1,9}$/.test(given) && Number(given) >= from && (to === undefined || Number(given) <= to))
    return Number(given)
  const range = to === undefined ? '' : ` to ${to}`
  const next = to === undefined ? '' : 'Kills are numbered from 0, and --kills says how many there are'
  throw cannot('torture a plan', flag, `a whole number from ${from}${range}`, given, next)
}

function victimsOf(given: string | undefined): readonly Victim[] {
  if (given === undefined) return victims
  return given.split(',').map((word) => {
    const victim = victims.find((name) => name === word)
    if (victim === undefined) throw cannot('torture a plan', '--victims', `of ${victims.join(', ')}`, word)
    return victim
  })
}

const signals = { KILL: 'SIGKILL', TERM: 'SIGTERM', INT: 'SIGINT', HUP: 'SIGHUP' } as const

function signalOf(given: string): NodeJS.Signals {
  const name = given.replace(/^SIG/, '')
  for (const [word, signal] of Object.entries(signals)) if (word === name) return signal
  throw cannot('torture a plan', '--signal', `one of ${Object.keys(signals).join(', ')}`, given)
}
