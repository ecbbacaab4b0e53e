import { mkdirSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { cannot } from '../plan/problem.ts'
import { several } from '../report/format.ts'
import { crontabWord, numericCron, readCrontab, withBlock, wordsInBlock, writeCrontab } from './crontab.ts'
import { machineZone } from './machine-zone.ts'
import { claimStdout } from './output.ts'
import type { Places } from './places.ts'
import { withoutSecrets, writeTo } from './print.ts'
import { type ScheduleFlags, type Tellers, tellers } from './schedule-flags.ts'
import { changeState, keptFrom, readState } from './schedule-state.ts'
import { type ScheduledPlan, scheduledPlans } from './scheduled-plans.ts'
import { shownPath } from './shown-path.ts'

/** Writes the crontab's lines for every plan with a schedule, in place of those that were there, whose `--on-fail` and `--on-change` stay unless told. */
export async function install(places: Places, flags: ScheduleFlags): Promise<number> {
  const { stdout } = claimStdout('schedule', []) // plans are imported, and may print
  const { plans, problems } = await scheduledPlans(places, [], readState(places))
  const dry = flags['dry-run'] ?? false
  // Whoever only looks may do so where there is no cron.
  const before = dry && Bun.which('crontab') === null ? '' : readCrontab()
  const earlier = tellersIn(before, places)
  const now = Object.fromEntries(
    tellers.map((name) => [name, flags[name] ?? (flags[`no-${name}`] ? undefined : earlier[name])]),
  )
  const lines = crontabLines(places, plans, machineZone(), now)
  if (dry) stdout.write(withBlock('', places.root, lines))
  else {
    mkdirSync(places.runs, { recursive: true }) // the shell opens the log before anything of ours runs
    changeCrontab(before, withBlock(before, places.root, lines))
    const at = new Date()
    changeState(places, (state) => ({
      plans: Object.fromEntries(
        plans.map(({ name, timetable }) => [name, { ...keptFrom(state.plans[name], timetable, at), installed: true }]),
      ),
      result: undefined,
    }))
    const log = shownPath(logFile(places))
    stdout.write(
      plans.length === 0
        ? 'No plan has a schedule: the crontab has no line for this repository\n'
        : `The crontab runs ${several(plans.length, 'plan')}: ${plans.map(({ name }) => name).join(', ')}\nTheir output goes to ${log}\n`,
    )
  }
  await stdout.flush()
  writeTo(2, withoutSecrets(telling(earlier, lines.length === 0 ? {} : now, flags)))
  for (const problem of problems) writeTo(2, `${problem}\n`)
  return problems.length === 0 ? 0 : 2
}

/** What became of the commands that were installed before, unless others were given in their place. */
function telling(earlier: Tellers, now: Tellers, given: Tellers): string {
  return tellers
    .flatMap((name) => {
      if (earlier[name] === undefined || (given[name] !== undefined && now[name] !== undefined)) return []
      const what = name === 'on-fail' ? 'failure' : 'change'
      return now[name] === undefined
        ? `No ${what} is told of any more, as it was by --${name}: ${earlier[name]}\n`
        : `${name === 'on-fail' ? 'Failures' : 'Changes'} are told of as before (--no-${name} ends it): ${earlier[name]}\n`
    })
    .join('')
}

/** Takes the crontab's lines for this repository away. */
export function remove(places: Places, flags: ScheduleFlags): number {
  const before = readCrontab()
  const after = withBlock(before, places.root, [])
  if (flags['dry-run']) {
    const kept = after.split('\n')
    writeTo(
      1,
      before === after
        ? ''
        : `${before
            .split('\n')
            .filter((line) => !kept.includes(line))
            .join('\n')}\n`,
    )
    return 0
  }
  changeCrontab(before, after)
  changeState(places, () => ({ plans: {}, result: undefined }))
  writeTo(
    1,
    before === after ? 'The crontab had no line for this repository\n' : 'The crontab runs nothing here any more\n',
  )
  writeTo(2, withoutSecrets(telling(tellersIn(before, places), {}, {})))
  return 0
}

function changeCrontab(before: string, after: string): void {
  if (before !== after) writeCrontab(after)
}

/** The commands of the lines that are there. */
function tellersIn(crontab: string, { root }: Places): Tellers {
  const words = wordsInBlock(crontab, root)
  return Object.fromEntries(
    tellers.flatMap((name) => {
      const word = words.find((word) => word.startsWith(`--${name}=`))
      return word === undefined ? [] : [[name, word.slice(`--${name}=`.length)]]
    }),
  )
}

/** The lines for `plans`: one each in the machine's zone, and one that asks for all in other zones. */
export function crontabLines(
  places: Places,
  plans: readonly ScheduledPlan[],
  zone: string,
  commands: Tellers,
): readonly string[] {
  const isHere = ({ timetable }: ScheduledPlan) =>
    timetable.zone === undefined || canonical(timetable.zone) === canonical(zone)
  const telling = tellers.flatMap((name) => (commands[name] === undefined ? [] : [`--${name}=${commands[name]}`]))
  const lines = plans
    .filter(isHere)
    .map(({ name, timetable }) => lineOf(places, numericCron(timetable.cron), ['plan', name, ...telling]))
  const elsewhere = plans.filter((plan) => !isHere(plan)).map(({ name }) => name)
  if (elsewhere.length > 0)
    lines.push(lineOf(places, '*/15 * * * *', ['schedule', 'due', '--run', ...telling, ...elsewhere]))
  return lines
}

function lineOf(places: Places, cron: string, words: readonly string[]): string {
  const command = [process.execPath, join(places.home, 'lib/cli/main.ts'), ...words].map(crontabWord).join(' ')
  const [root, path, log] = [places.root, pathForCron(), logFile(places)].map(crontabWord)
  const line = `cd ${root} && PATH=${path} ${command} >>${log} 2>&1`
  // Debian's limit; a longer one is cut without a word by some.
  if (Buffer.byteLength(line) > 998)
    throw cannot(
      'write the crontab',
      'a command',
      'at most 998 bytes long',
      `${Buffer.byteLength(line)} bytes`,
      'Install with fewer folders in PATH, or put what --on-fail or --on-change does into a script.',
    )
  return `${cron} ${line}`
}

function logFile({ runs }: Places): string {
  return join(runs, 'schedule.log')
}

/** This shell's PATH as far as it will be there at night: neither what `bun run` puts before it nor what is not there now. */
function pathForCron(): string {
  const folders = (process.env.PATH ?? '')
    .split(':')
    .filter(
      (folder) =>
        isAbsolute(folder) &&
        !/\/node_modules\/|\/bun-node-/.test(`${folder}/`) &&
        statSync(folder, { throwIfNoEntry: false })?.isDirectory(),
    )
  const path = [...new Set(folders)].join(':')
  return Bun.which('bun', { PATH: path }) === null ? `${dirname(process.execPath)}:${path}` : path
}

/** `Etc/UTC` and `UTC` are one. */
function canonical(zone: string): string {
  return zone.replace(/^Etc\//, '').toLowerCase()
}
