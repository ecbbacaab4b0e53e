import { commonFlags, type Flags, type parseFlags } from './flags.ts'

export const scheduleFlags = {
  json: { type: 'boolean', help: 'lists as JSON lines' },
  'dry-run': { type: 'boolean', help: 'install, remove: shows the lines; changes nothing' },
  'on-fail': { type: 'string', value: 'COMMAND', help: 'install, due --run: what plans are run with; see plan --help' },
  at: { type: 'string', value: 'TIME', help: 'due: as if it were then; 2026-11-21T02:30, or with Z or +01:00' },
  run: { type: 'boolean', help: 'due: runs what has become due since this was asked last, at most a day ago' },
  ...commonFlags,
} as const satisfies Flags

export type ScheduleFlags = ReturnType<typeof parseFlags<typeof scheduleFlags>>['values']
