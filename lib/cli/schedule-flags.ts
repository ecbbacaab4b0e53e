import { cannot } from '../plan/problem.ts'
import { commonFlags, type Flags, type parseFlags } from './flags.ts'

export const scheduleFlags = {
  json: { type: 'boolean', help: 'lists as JSON lines' },
  'dry-run': { type: 'boolean', help: 'install, remove: shows the lines; changes nothing' },
  'on-fail': { type: 'string', value: 'COMMAND', help: 'install, due --run: what plans are run with; see plan --help' },
  'no-on-fail': { type: 'boolean', help: 'install: without the --on-fail of before, which else stays' },
  'on-change': { type: 'string', value: 'COMMAND', help: 'install, due --run: likewise' },
  'no-on-change': { type: 'boolean', help: 'install: likewise' },
  at: { type: 'string', value: 'TIME', help: 'due: as if it were then; 2026-11-21T02:30, or with Z or +01:00' },
  run: { type: 'boolean', help: 'due: runs what has become due since this was asked last, at most a day ago' },
  ...commonFlags,
} as const satisfies Flags

export type ScheduleFlags = ReturnType<typeof parseFlags<typeof scheduleFlags>>['values']

type Name = keyof typeof scheduleFlags

/** What each command takes; '' lists. */
const taken: Readonly<Record<string, readonly Name[]>> = {
  '': ['json'],
  install: ['dry-run', 'on-fail', 'no-on-fail', 'on-change', 'no-on-change'],
  remove: ['dry-run'],
  due: ['at', 'run', 'on-fail', 'on-change'],
}

/** Throws a Problem for a flag that `command` would not look at. */
export function refuseUnused(command: string, flags: ScheduleFlags): void {
  for (const name of Object.keys(flags)) {
    const takers = Object.keys(taken).filter((word) => taken[word]?.some((one) => one === name))
    if (takers.length === 0 || takers.includes(command)) continue
    const others = takers.map((word) => (word === '' ? 'schedule alone' : `schedule ${word}`)).join(' or ')
    throw cannot('schedule', `--${name}`, `given to ${others}`, `given to schedule${command && ` ${command}`}`)
  }
  for (const name of tellers) {
    if (command === 'due' && flags[name] !== undefined && !flags.run)
      throw cannot('schedule', `--${name}`, 'given to due with --run', 'given to due without it')
    if (flags[name] !== undefined && flags[`no-${name}`])
      throw cannot('schedule', `--${name}`, `given without --no-${name}`, 'both')
  }
}

/** The flags of `plan` by which somebody is told. */
export const tellers = ['on-fail', 'on-change'] as const

/** The commands that somebody is told by, under their flags. */
export type Tellers = { readonly [name in (typeof tellers)[number]]?: string }
