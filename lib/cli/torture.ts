import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'
import { several } from '../report/format.ts'
import { type Enclosures, enclosures as makeEnclosures } from '../torture/enclosure.ts'
import { killText, victimOf } from '../torture/kills.ts'
import type { Subject } from '../torture/sitting.ts'
import { findingsText, inFlightText, jsonText, tableText } from '../torture/table.ts'
import { type Done, isBad, type Tortured, torture } from '../torture/torture.ts'
import { unbroken } from '../torture/unbroken.ts'
import { quoted } from './again.ts'
import { flagLines, parseFlags } from './flags.ts'
import { claimStdout } from './output.ts'
import { type Places, placesOf } from './places.ts'
import { writeTo } from './print.ts'
import { refuseUnrunnable } from './runnable.ts'
import { onSignals } from './signals.ts'
import { type StillAtIt, stillAtIt } from './still-at-it.ts'
import { type Request, requestOf, tortureFlags, tortureWords } from './torture-flags.ts'

/** Nobody waits for longer without a word. */
const silentMs = 30_000

/** `torture`: proves that a run of a plan survives its own death. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('torture', tortureFlags, args)
  if (values.help) {
    writeTo(1, tortureWords + flagLines(tortureFlags))
    return 0
  }
  if (process.platform !== 'linux')
    throw cannot('torture a plan', 'system', 'Linux, whose /proc shows processes from outside', process.platform)
  const request = requestOf(values, positionals)
  const places = placesOf(values.dir)
  const { stdout } = claimStdout('torture', []) // the plan is imported, and may print
  await refuseUnrunnable(places, request.plan, request.sets, subjectOf(request, places).env(0))
  const folder = mkdtempSync(join(tmpdir(), 'assay-torture-'))
  const enclosures = makeEnclosures()
  const stopping = new AbortController()
  let interrupted: number | undefined
  const forget = onSignals(
    { isTTY: true },
    (reason) => {
      interrupted = reason.exit
      stopping.abort(reason)
      // What is under way ends with what it runs in.
      void enclosures.end()
    },
    (reason) => process.exit(reason.exit),
  )
  const told = stillAtIt((text) => writeTo(2, text), silentMs)
  let kept = false
  try {
    told.tell(`${request.plan} · seed ${request.seed} · processes are counted by ${enclosures.kind}`)
    const tortured = await tortureIn(folder, request, places, enclosures, stopping.signal, told)
    if (interrupted !== undefined) return interrupted
    const found = tortured.done.some(({ findings }) => isBad(findings))
    kept = found && values.keep === true
    if (values.json) stdout.write(jsonText(tortured, request))
    else {
      const again = `${places.command('torture')} ${withoutChoice(args)} --seed ${request.seed} --keep --only`
      const asked = new Set(request.kills.map((index) => victimOf(index, request.victims)))
      stdout.write(tableText(tortured, [...asked]) + findingsText(tortured, again, kept))
    }
    await stdout.flush()
    return found || tortured.done.length === 0 ? 1 : 0
  } catch (error) {
    if (interrupted !== undefined) return interrupted // it found its runs taken down
    throw error
  } finally {
    told.end()
    forget()
    await enclosures.end()
    if (!kept) rmSync(folder, { recursive: true, force: true })
  }
}

/** The command line but for what chooses among the kills. */
function withoutChoice(args: readonly string[]): string {
  const chosen = (arg: string | undefined) => /^--(only|seed|within)\b/.test(arg ?? '')
  const value = (at: number) => chosen(args[at - 1]) && args[at - 1]?.includes('=') === false
  return args
    .filter((arg, at) => !chosen(arg) && !value(at) && arg !== '--keep')
    .map(quoted)
    .join(' ')
}

async function tortureIn(
  folder: string,
  request: Request,
  places: Places,
  enclosures: Enclosures,
  stopped: AbortSignal,
  still: StillAtIt,
): Promise<Tortured> {
  const telling = (text: string) => {
    still.tell(text)
    still.doing(() => text)
  }
  const { tell } = still
  const subject = subjectOf(request, places)
  // With faults more is never the same.
  const reference = await unbroken(subject, folder, request.faults ? 3 : 2, enclosures, telling)
  const { course, seconds } = reference
  tell(`unbroken: ${course.lines.length} lines, ${course.births} processes, ${seconds.toFixed(1)} s`)
  const from = performance.now()
  const told = progress(request.kills.length, still)
  const tortured = await torture({
    ...request,
    subject,
    unbroken: reference,
    enclosures,
    folder,
    stopped,
    told,
    telling,
  })
  const sum = (kind: keyof Done['misses']) => tortured.done.reduce((count, { misses }) => count + misses[kind], 0)
  const minutes = ((performance.now() - from) / 60_000).toFixed(1)
  tell(
    `${minutes} min · ${several(sum('late'), 'kill')} came too late and ${sum('nobody')} found nobody, and were replaced`,
  )
  tell(`in flight at a kill: ${inFlightText(tortured)}`)
  for (const { victim } of tortured.missed) tell(`a kill of ${victim} never found one`)
  return tortured
}

function subjectOf({ plan, sets, seed, faults }: Request, { root, home }: Places): Subject {
  // `bun run` has told us what a run of its own is told anew; and what these runs leave is nothing to keep.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm|RESULTS)_|_TRACKING_URI$/.test(name)),
  )
  // What a person types in this repository, by the Bun that we are.
  const words = realpathSync(root) === home ? ['run', 'plan'] : ['x', 'assay', 'plan']
  return {
    plan,
    root,
    command: [process.execPath, ...words],
    words: sets.flatMap((given) => ['--set', given]),
    env: (index) => ({
      ...env,
      NO_COLOR: '1',
      ...(faults && { ASSAY_FAULTS: `rate=0.1,seed=${1e6 * (seed + 1) + index}` }),
    }),
  }
}

/** Says ten times how far it is, and what is found as it is. */
function progress(count: number, { tell, doing }: StillAtIt): (done: readonly Done[]) => void {
  const from = performance.now()
  const all = several(count, 'kill')
  doing(() => `0 of ${all}`)
  return (done) => {
    doing(() => `${done.length} of ${all}`)
    const last = done.at(-1)
    const [found] = last === undefined ? [] : Object.values(last.findings).flat()
    if (last !== undefined && found !== undefined) tell(`kill ${last.kill.index} · ${killText(last.kill)}: ${found}`)
    if (done.length % Math.ceil(count / 10) !== 0) return
    const bad = done.filter(({ findings }) => isBad(findings)).length
    const seconds = ((performance.now() - from) / 1000).toFixed(0)
    tell(`${done.length} of ${all} · ${seconds} s · ${bad === 0 ? 'nothing found' : `${bad} with findings`}`)
  }
}
