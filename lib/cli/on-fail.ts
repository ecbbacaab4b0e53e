import { hostname } from 'node:os'
import { messageOf, sentence } from '../plan/problem.ts'
import { fileStore } from '../record/files.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { FoundRun } from './find-run.ts'
import type { Places } from './places.ts'
import { withoutSecrets, writeTo } from './print.ts'
import { showRun } from './show-run.ts'
import type { SharedViews } from './views.ts'

/** A run, or a start that came to none, whose exit code is not 0. */
export interface Failed {
  readonly plan: string
  readonly exit: number
  /** `passed` never; `overlapped` when the lock kept it out. */
  readonly outcome: string
  /** Undefined: it did not begin. */
  readonly run: FoundRun | undefined
  /** Why it did not begin, or could not be recorded to its end. */
  readonly reason: string | undefined
}

/**
 * Listens to what runs leave in `views`; `ended`, called after each plan, then tells of it if it failed. Without a command
 * it does nothing.
 */
export function tellingOfFailures(places: Places, command: string | undefined, views: SharedViews) {
  if (command === undefined) return { views, ended: async () => {} }
  const records = new Map<string, RunRecord>()
  const reasons = new Map<string, string>()
  const listening: SharedViews = {
    add(record, kind) {
      records.set(record.heading.plan, record)
      views.add(record, kind)
    },
    absent(plan, reason) {
      reasons.set(plan, reason)
      views.absent(plan, reason)
    },
    end: views.end,
  }
  const ended = async (plan: string, exit: number) => {
    if (exit === 0) return
    const record = records.get(plan)
    await tellFailure(places, command, {
      plan,
      exit,
      outcome: record?.ended?.outcome ?? (exit === 75 ? 'overlapped' : 'errored'),
      run: record && { store: fileStore(places.runs), plan, run: record.heading.run },
      reason: reasons.get(plan),
    })
  }
  return { views: listening, ended }
}

const limitMs = 60_000

/** After Ctrl-C or a shutdown, when we ourselves are waited for. */
const interruptedLimitMs = 3000

/**
 * Runs `--on-fail`: a shell command line in the repository, the run's summary on its stdin, ASSAY_PLAN, ASSAY_RUN, ASSAY_PATH
 * (both empty for one that did not begin), ASSAY_OUTCOME and ASSAY_EXIT in its environment, and a minute to end. What goes
 * wrong with it is said in a sentence and changes no exit code.
 */
export async function tellFailure(places: Places, command: string, failed: Failed): Promise<void> {
  const { plan, exit, outcome, run } = failed
  const limit = exit > 128 ? interruptedLimitMs : limitMs
  const wrong = (value: string) =>
    writeTo(
      2,
      `${withoutSecrets(sentence(`tell of the failure of ${plan}`, '--on-fail', 'a command that succeeds', value, command))}\n`,
    )
  try {
    // A group of its own, so that all of it can be ended; its output on stderr, since stdout may be promised.
    const child = Bun.spawn(['/bin/sh', '-c', command], {
      cwd: places.root,
      detached: true,
      stdin: Buffer.from(textOf(failed)),
      stdout: 2,
      stderr: 2,
      env: {
        ...process.env,
        ASSAY_PLAN: plan,
        ASSAY_RUN: run?.run ?? '',
        ASSAY_PATH: run?.store.pathOf(run.plan, run.run) ?? '',
        ASSAY_OUTCOME: outcome,
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

function textOf({ plan, exit, outcome, run, reason }: Failed): string {
  const lines = [`${plan} ${outcome} on ${hostname()} (exit code ${exit})\n`]
  if (reason !== undefined) lines.push(`${reason}\n`)
  try {
    if (run !== undefined)
      showRun(run, { write: (text) => lines.push(text), color: false, columns: () => 120, explain: false })
  } catch (error) {
    lines.push(`${messageOf(error)}\n`) // its journal was damaged, which is worth telling as well
  }
  return lines.join('')
}
