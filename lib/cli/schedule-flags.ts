import { cannot } from '../plan/problem.ts'
import { commonFlags, type Flags, type parseFlags } from './flags.ts'

export const scheduleFlags = {
  json: { type: 'boolean', help: 'lists as JSON lines' },
  'dry-run': { type: 'boolean', help: 'install, remove: shows the lines; changes nothing' },
  'on-fail': { type: 'string', value: 'COMMAND', help: 'install, due --run: what plans are run with; see plan --help' },
  'no-on-fail': { type: 'boolean', help: 'install: without the --on-fail of before, which else stays' },
  at: { type: 'string', value: 'TIME', help: 'due: as if it were then; 2026-11-21T02:30, or with Z or +01:00' },
  run: { type: 'boolean', help: 'due: runs what has become due since this was asked last, at most a day ago' },
  ...commonFlags,
} as const satisfies Flags

export type ScheduleFlags = ReturnType<typeof parseFlags<typeof scheduleFlags>>['values']

type Name = keyof typeof scheduleFlags

/** What each command takes; '' lists. */
const taken: Readonly<Record<string, readonly Name[]>> = {
  '': ['json'],
  install: ['dry-run', 'on-fail', 'no-on-fail'],
  remove: ['dry-run'],
  due: ['at', 'run', 'on-fail'],
}

/** Throws a Problem for a flag that `command` would not look at. */
export function refuseUnused(command: string, flags: ScheduleFlags): void {
  for (const name of Object.keys(flags)) {
    const takers = Object.keys(taken).filter((word) => taken[word]?.some((one) => one === name))
    if (takers.length === 0 || takers.includes(command)) continue
    const others = takers.map((word) => (word === '' ? 'schedule alone' : `schedule ${word}`)).join(' or ')
    throw cannot('schedule', `--${name}`, `given to ${others}`, `given to schedule${command && ` ${command}`}`)
  }
  if (command === 'due' && flags['on-fail'] !== undefined && !flags.run)
    throw cannot('schedule', '--on-fail', 'given to due with --run', 'given to due without it')
  if (flags['on-fail'] !== undefined && flags['no-on-fail'])
    throw cannot('schedule', '--on-fail', 'given without --no-on-fail', 'both')
}
