import { didYouMean } from '../plan/did-you-mean.ts'
import { cannot } from '../plan/problem.ts'
import { clockTime, timesAfter } from '../plan/schedule.ts'
import { columns } from './columns.ts'
import { flagLines, parseFlags } from './flags.ts'
import { machineZone } from './machine-zone.ts'
import { claimStdout, type Output } from './output.ts'
import { type Places, placesOf } from './places.ts'
import { refuseNoCommand } from './plan-flags.ts'
import { writeTo } from './print.ts'
import { refuseUnused, scheduleFlags } from './schedule-flags.ts'
import { isKept, readState } from './schedule-state.ts'
import { type ScheduledPlan, scheduledPlans } from './scheduled-plans.ts'

const words = `Shows when plans run by themselves, with the next three times: schedule: '30 2 * * mon-fri' or
{ cron: '@daily', zone: 'Europe/Berlin' } in a plan

  install      writes the lines that run them into the user's crontab, in place of those it wrote before
  remove       takes those lines away
  due [PLAN]   names the plans to run, for another scheduler: those due in the quarter of an hour that
               ended last, so that asking once in each names every time once; with --run, runs them

A plan in the machine's zone has a line of its own. One in another zone is asked for every 15 minutes, since cron knows no
zones, and may begin as much later. Output goes to runs/schedule.log.

On the day that clocks go forward a time that they skip comes later by as much, of several the first (cron's own lines: as
soon as they have), on the day they go back one that they show twice counts once, the first time. With * for the minute or
the hour a plan runs by what has passed: nothing is skipped or repeated. For '*/20 2 * * *' the lines of cron go by what the
clock shows: not at all on the one day, twice on the other.

flags
`

const subcommands = ['install', 'remove', 'due'] as const

/** `schedule`: when plans run by themselves, and what makes them. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('schedule', scheduleFlags, args)
  if (values.help) {
    writeTo(1, words + flagLines(scheduleFlags))
    return 0
  }
  const [word, ...names] = positionals
  const places = placesOf(values.dir)
  if (word === undefined || isCommand(word)) refuseUnused(word ?? '', values)
  refuseNoCommand(values)
  if (word === undefined) return list(places, claimStdout('schedule', []), values.json ?? false)
  if (word !== 'due' && names[0] !== undefined)
    throw cannot(`run schedule ${word}`, 'arguments', 'none', names[0], 'It is about all plans.')
  switch (word) {
    case 'due': {
      const { due } = await import('./schedule-due.ts')
      return due(places, names, values)
    }
    case 'install':
    case 'remove': {
      const { install, remove } = await import('./schedule-install.ts')
      return word === 'install' ? install(places, values) : remove(places, values)
    }
  }
  throw cannot('run schedule', 'command', subcommands.join(', '), word, didYouMean(word, subcommands))
}

function isCommand(word: string): word is (typeof subcommands)[number] {
  return subcommands.some((command) => command === word)
}

async function list(places: Places, { stdout }: Output, json: boolean): Promise<number> {
  const state = readState(places)
  const { plans, problems } = await scheduledPlans(places, [], state)
  const zone = machineZone()
  const now = new Date()
  if (json)
    for (const { name, timetable } of plans) {
      const next = nextThree({ name, timetable }, now, zone).map((at) => at.toISOString())
      stdout.write(`${JSON.stringify({ plan: name, cron: timetable.cron, zone: timetable.zone ?? zone, next })}\n`)
    }
  else if (plans.length === 0 && problems.length === 0)
    stdout.write("No plan has a schedule. Give it one beside its title: schedule: '30 2 * * mon-fri'\n")
  else {
    const toldOf = ({ name, timetable }: ScheduledPlan) => {
      const kept = state.plans[name]
      return !kept?.installed ? 'no' : isKept(kept, timetable) ? 'yes' : 'as it was before'
    }
    const rows = plans.map((plan) => {
      const { name, timetable } = plan
      const shown = timetable.zone ?? zone
      return [
        name,
        timetable.cron,
        shown,
        toldOf(plan),
        ...nextThree({ name, timetable }, now, zone).map((at) => clockTime(at, shown)),
      ]
    })
    stdout.write(columns([['plan', 'schedule', 'zone', 'installed', 'next times'], ...rows], ''))
    if (plans.some((plan) => toldOf(plan) !== 'yes'))
      stdout.write(`Have cron run them: ${places.command('schedule')} install\n`)
  }
  await stdout.flush()
  for (const problem of problems) writeTo(2, `${problem}\n`)
  return problems.length === 0 ? 0 : 2
}

function nextThree({ timetable }: ScheduledPlan, now: Date, zone: string): readonly Date[] {
  return timesAfter(timetable, now, zone).take(3).toArray()
}
