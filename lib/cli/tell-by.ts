import { hostname } from 'node:os'
import { messageOf, sentence } from '../plan/problem.ts'
import type { FoundRun } from './find-run.ts'
import type { Places } from './places.ts'
import { withoutSecrets, writeTo } from './print.ts'
import { showRun } from './show-run.ts'

/** A run, or a start that came to none. */
export interface Told {
  readonly plan: string
  readonly exit: number
  /** `overlapped` when the lock kept it out. */
  readonly outcome: string
  /** Undefined: it did not begin. */
  readonly run: FoundRun | undefined
  /** Why it did not begin, or could not be recorded to its end. */
  readonly reason: string | undefined
}

export interface Telling {
  readonly flag: '--on-fail' | '--on-change'
  /** `the failure`: of what it tells, for the sentence that it went wrong. */
  readonly what: string
  readonly command: string
  /** The outcome that it had before, where that is what it tells of. */
  readonly before?: string
}

const limitMs = 60_000

/** After Ctrl-C or a shutdown, when we ourselves are waited for. */
const interruptedLimitMs = 3000

/**
 * Runs a command that somebody is told by: a shell command line in the repository, the run's summary on its stdin, ASSAY_PLAN,
 * ASSAY_RUN, ASSAY_PATH (both empty for one that did not begin), ASSAY_OUTCOME, ASSAY_BEFORE (empty where nothing is said of it) and
 * ASSAY_EXIT in its environment, and a minute to end. What goes wrong with it is said in a sentence and changes no exit code.
 */
export async function tellBy(places: Places, { flag, what, command, before }: Telling, told: Told): Promise<void> {
  const { plan, exit, outcome, run } = told
  const limit = exit > 128 ? interruptedLimitMs : limitMs
  const wrong = (value: string) =>
    writeTo(
      2,
      `${withoutSecrets(sentence(`tell of ${what} of ${plan}`, flag, 'a command that succeeds', value, command))}\n`,
    )
  try {
    // A group of its own, so that all of it can be ended; its output on stderr, since stdout may be promised.
    const child = Bun.spawn(['/bin/sh', '-c', command], {
      cwd: places.root,
      detached: true,
      stdin: Buffer.from(textOf(told, before)),
      stdout: 2,
      stderr: 2,
      env: {
        ...process.env,
        ASSAY_PLAN: plan,
        ASSAY_RUN: run?.run ?? '',
        ASSAY_PATH: run?.store.pathOf(run.plan, run.run) ?? '',
        ASSAY_OUTCOME: outcome,
        ASSAY_BEFORE: before ?? '',
        ASSAY_EXIT: String(exit),
      },
    })
    const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), limit)
    await child.exited
    clearTimeout(late)
    if (child.signalCode !== null)
      wrong(`ended by ${child.signalCode}${child.signalCode === 'SIGKILL' ? ` (it has ${limit / 1000} s)` : ''}`)
    else if (child.exitCode !== 0) wrong(`exit code ${child.exitCode}`)
  } catch (error) {
    wrong(messageOf(error))
  }
}

function textOf({ plan, exit, outcome, run, reason }: Told, before: string | undefined): string {
  const after = before === undefined ? '' : `, after it had ${shown(before)}`
  const lines = [`${plan} ${outcome} on ${hostname()} (exit code ${exit})${after}\n`]
  if (reason !== undefined) lines.push(`${reason}\n`)
  try {
    if (run !== undefined)
      showRun(run, { write: (text) => lines.push(text), color: false, columns: () => 120, explain: false })
  } catch (error) {
    lines.push(`${messageOf(error)}\n`) // its journal was damaged, which is worth telling as well
  }
  return lines.join('')
}

function shown(outcome: string): string {
  return outcome === 'skipped' ? 'been skipped' : outcome
}
