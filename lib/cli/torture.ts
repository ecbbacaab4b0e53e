import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'
import { enclosures as makeEnclosures } from '../torture/enclosure.ts'
import { type Victim, victims } from '../torture/kills.ts'
import { findingsText, tableText, tallyOf } from '../torture/table.ts'
import { type Done, isBad, torture } from '../torture/torture.ts'
import { unbroken } from '../torture/unbroken.ts'
import { quoted } from './again.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { type Places, placesOf } from './places.ts'
import { writeTo } from './print.ts'
import { onSignals } from './signals.ts'

const flags = {
  kills: { type: 'string', value: 'N', help: 'so many kills (default 60)' },
  victims: { type: 'string', value: 'LIST', help: `who is killed (default: ${victims.join(',')})` },
  signal: { type: 'string', value: 'NAME', help: 'KILL (default), TERM, INT or HUP' },
  seed: { type: 'string', value: 'N', help: 'the same kills again (default: another each time)' },
  only: { type: 'string', value: 'N', help: 'only the kill of this number' },
  set: { type: 'string', multiple: true, value: 'k=v', help: 'gives a parameter of the plan' },
  jobs: { type: 'string', value: 'N', help: 'so many runs at once (default: the number of cores)' },
  keep: { type: 'boolean', help: 'leaves the folders of the kills that went wrong' },
  json: { type: 'boolean', help: 'prints what was found as one JSON object on stdout' },
  ...commonFlags,
} as const satisfies Flags

const words = `Kills runs of a plan and resumes them, and says what that cost

  PLAN       the name of a plan

A run is killed after each line of its journal, between lines, while its processes are born and while they write; each time it is resumed
and compared with runs that nothing broke. Exits 1 if a result was lost, a process lived on, something was called passed that had not, a
line was torn, or a resumed run came to something else. Needs Linux.

flags
`

/** `torture`: proves that a run of a plan survives its own death. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('torture', flags, args)
  if (values.help) {
    writeTo(1, words + flagLines(flags))
    return 0
  }
  if (process.platform !== 'linux')
    throw cannot('torture a plan', 'system', 'Linux, whose /proc shows processes from outside', process.platform)
  const [plan, ...more] = positionals
  if (plan === undefined || more.length > 0)
    throw cannot('torture a plan', 'PLAN', 'the name of one plan', positionals.join(' ') || 'none')
  const places = placesOf(values.dir)
  const seed = whole('--seed', values.seed ?? String(Math.floor(Math.random() * 1e6)), 0)
  const count = whole('--kills', values.kills ?? '60', 1)
  const chosen = victimsOf(values.victims)
  const signal = signalOf(values.signal ?? 'KILL')
  const only = values.only === undefined ? undefined : whole('--only', values.only, 0)
  const kills = only === undefined ? Array.from({ length: count }, (_, index) => index) : [only]
  const jobs = whole('--jobs', values.jobs ?? String(availableParallelism()), 1)

  const folder = mkdtempSync(join(tmpdir(), 'assay-torture-'))
  const stopping = new AbortController()
  let exit: number | undefined
  const forget = onSignals(
    { isTTY: true },
    (reason) => {
      exit = reason.exit
      stopping.abort(reason)
    },
    (reason) => process.exit(reason.exit),
  )
  const enclosures = makeEnclosures()
  const tell = (text: string) => writeTo(2, `${text}\n`)
  const sets = (values.set ?? []).flatMap((given) => ['--set', given])
  const subject = { plan, root: places.root, command: commandOf(places), words: sets, env: environment() }
  let kept = false
  try {
    tell(`  ${plan} · seed ${seed} · processes are counted by ${enclosures.kind} · in ${folder}`)
    const reference = await unbroken(subject, folder, 2, enclosures)
    const { course, seconds } = reference
    tell(
      `  unbroken: ${course.lines.length} lines, ${course.births} processes, ${seconds.toFixed(1)} s, exit ${reference.reference.exit}`,
    )
    const began = performance.now()
    const tortured = await torture({
      subject,
      unbroken: reference,
      enclosures,
      kills,
      victims: chosen,
      seed,
      signal,
      jobs,
      folder,
      keep: values.keep ?? false,
      stopped: stopping.signal,
      told: progress(kills.length, tell),
    })
    const again = (index: number) =>
      [
        places.command('torture'),
        ...[plan, '--seed', String(seed), '--only', String(index), '--keep'],
        ...(values.victims === undefined ? [] : ['--victims', values.victims]),
        ...(values.signal === undefined ? [] : ['--signal', values.signal]),
        ...sets.map(quoted),
      ].join(' ')
    kept = tortured.done.some(({ folder }) => folder !== undefined)
    const { done, missed } = tortured
    if (values.json)
      writeTo(
        1,
        `${JSON.stringify({ plan, seed, signal, seconds, victims: chosen, ...tallyOf(done), missed, done })}\n`,
      )
    else {
      writeTo(1, tableText(tortured, chosen))
      writeTo(1, findingsText(tortured, again))
    }
    const took = (performance.now() - began) / 1000
    const late = done.reduce((sum, { misses }) => sum + misses.late, 0)
    const nobody = done.reduce((sum, { misses }) => sum + misses.nobody, 0)
    tell(`  ${took.toFixed(0)} s · ${late} kills came too late and ${nobody} found nobody, and were replaced`)
    for (const { victim } of missed) tell(`  a kill of ${victim} never found one`)
    return exit ?? (done.some(({ findings }) => isBad(findings)) || done.length === 0 ? 1 : 0)
  } finally {
    forget()
    enclosures.end()
    if (!kept) rmSync(folder, { recursive: true, force: true })
  }
}

function whole(flag: string, given: string, from: number): number {
  if (/^\d{1,9}$/.test(given) && Number(given) >= from) return Number(given)
  throw cannot('torture a plan', flag, `a whole number from ${from}`, given)
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

/** What a person types in this repository, by the Bun that we are. */
function commandOf({ root, home }: Places): readonly string[] {
  const words = realpathSync(root) === home ? ['run', 'plan'] : ['x', 'assay', 'plan']
  return [process.execPath, ...words]
}

/** Ours, without what `bun run` has added for us. */
function environment(): Readonly<Record<string, string | undefined>> {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
    NO_COLOR: '1',
  }
}

/** Says how far it is: ten times, and what went wrong as it does. */
function progress(count: number, tell: (text: string) => void): (done: readonly Done[]) => void {
  const began = performance.now()
  return (done) => {
    if (done.length % Math.ceil(count / 10) !== 0) return
    const bad = done.filter(({ findings }) => isBad(findings)).length
    tell(`  ${done.length} of ${count} · ${((performance.now() - began) / 1000).toFixed(0)} s · ${bad} with findings`)
  }
}
