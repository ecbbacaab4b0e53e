import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'
import { type Enclosures, enclosures as makeEnclosures } from '../torture/enclosure.ts'
import { killText } from '../torture/kills.ts'
import type { Subject } from '../torture/sitting.ts'
import { findingsText, inFlightText, jsonText, tableText } from '../torture/table.ts'
import { type Done, isBad, type Tortured, torture } from '../torture/torture.ts'
import { unbroken } from '../torture/unbroken.ts'
import { quoted } from './again.ts'
import { flagLines, parseFlags } from './flags.ts'
import { type Places, placesOf } from './places.ts'
import { writeTo } from './print.ts'
import { onSignals } from './signals.ts'
import { type Request, requestOf, tortureFlags, tortureWords } from './torture-flags.ts'

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
  let kept = false
  try {
    tell(`${request.plan} · seed ${request.seed} · processes are counted by ${enclosures.kind}`)
    const tortured = await tortureIn(folder, request, places, enclosures, stopping.signal)
    if (interrupted !== undefined) return interrupted
    const found = tortured.done.some(({ findings }) => isBad(findings))
    kept = found && values.keep === true
    if (values.json) writeTo(1, jsonText(tortured, request))
    else {
      const again = `${places.command('torture')} ${withoutKills(args)} --seed ${request.seed} --keep --only`
      writeTo(1, tableText(tortured, request.victims) + findingsText(tortured, again, kept))
    }
    return found || tortured.done.length === 0 ? 1 : 0
  } catch (error) {
    if (interrupted !== undefined) return interrupted // it found its runs taken down
    throw error
  } finally {
    forget()
    await enclosures.end()
    if (!kept) rmSync(folder, { recursive: true, force: true })
  }
}

/** The command line but for what chooses the kills. */
function withoutKills(args: readonly string[]): string {
  const chosen = (arg: string | undefined) => /^--(only|seed|kills|within)\b/.test(arg ?? '')
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
): Promise<Tortured> {
  const subject = subjectOf(request, places)
  // With faults more is never the same.
  const reference = await unbroken(subject, folder, request.faults ? 3 : 2, enclosures)
  const { course, seconds } = reference
  tell(`unbroken: ${course.lines.length} lines, ${course.births} processes, ${seconds.toFixed(1)} s`)
  const from = performance.now()
  const told = progress(request.kills.length)
  const tortured = await torture({ ...request, subject, unbroken: reference, enclosures, folder, stopped, told })
  const sum = (kind: keyof Done['misses']) => tortured.done.reduce((count, { misses }) => count + misses[kind], 0)
  const minutes = ((performance.now() - from) / 60_000).toFixed(1)
  tell(`${minutes} min · ${sum('late')} kills came too late and ${sum('nobody')} found nobody, and were replaced`)
  tell(`in flight at a kill: ${inFlightText(tortured)}`)
  for (const { victim } of tortured.missed) tell(`a kill of ${victim} never found one`)
  return tortured
}

function subjectOf({ plan, sets, seed, faults }: Request, { root, home }: Places): Subject {
  // `bun run` has told us what a run of its own is told anew.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  // What a person types in this repository, by the Bun that we are.
  const words = realpathSync(root) === home ? ['run', 'plan'] : ['x', 'assay', 'plan']
  return {
    plan,
    root,
    command: [process.execPath, ...words],
    words: sets,
    env: (index) => ({
      ...env,
      NO_COLOR: '1',
      ...(faults && { ASSAY_FAULTS: `rate=0.1,seed=${1e6 * (seed + 1) + index}` }),
    }),
  }
}

function tell(text: string): void {
  writeTo(2, `  ${text}\n`)
}

/** Says ten times how far it is, and what is found as it is. */
function progress(count: number): (done: readonly Done[]) => void {
  const from = performance.now()
  return (done) => {
    const last = done.at(-1)
    const [found] = last === undefined ? [] : Object.values(last.findings).flat()
    if (last !== undefined && found !== undefined) tell(`kill ${last.kill.index} · ${killText(last.kill)}: ${found}`)
    if (done.length % Math.ceil(count / 10) !== 0) return
    const bad = done.filter(({ findings }) => isBad(findings)).length
    const seconds = ((performance.now() - from) / 1000).toFixed(0)
    tell(`${done.length} of ${count} kills · ${seconds} s · ${bad === 0 ? 'nothing found' : `${bad} with findings`}`)
  }
}
