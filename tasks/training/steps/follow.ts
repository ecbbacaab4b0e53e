import { appendFileSync } from 'node:fs'
import type { Source } from '../report.ts'
import { type LoggedStep, numbered } from './log-numbers.ts'
import { readLogSteps } from './log-steps.ts'
import { type EventLine, type ProgressLine, parseProgress, readLines, type StepLine } from './progress.ts'

export interface FollowOptions {
  /** A file that gets every line of progress. */
  readonly series?: string | undefined
  /** Whether steps are looked for in its log, as long as it reports none. */
  readonly readLog: boolean
  /** Gets each line as it comes, and each step that is found in the log until the first one is reported. */
  onLine?: ((line: ProgressLine) => void) | undefined
}

export interface Heard {
  readonly source: Source
  readonly steps: readonly StepLine[]
  /** Every other line. */
  readonly events: readonly EventLine[]
  /** Whole lines that said nothing we know. */
  readonly unread: number
  /** Whether the last line was broken off. */
  readonly torn: boolean
  /** Lines that told of more than is kept. */
  readonly left: number
}

export interface Follower {
  /** Takes what it writes to the descriptor for progress. */
  progress(bytes: Uint8Array): void
  /** Takes a line of its log, or what one showed before it was drawn over. */
  log(line: string): void
  /** Whether it has told of a step by itself. */
  tells(): boolean
  /** All that it said; `tracked` are the steps that MLflow shows, which count where it told of none. */
  heard(tracked?: readonly StepLine[]): Heard
}

/** So many lines are kept, in memory and in the series, of a training that says more. */
export const mostKept = 200_000

/** Gathers what a training says while it runs. */
export function followTraining({ series, readLog, onLine }: FollowOptions): Follower {
  const { read } = readLogSteps()
  const reported: StepLine[] = []
  const logged: LoggedStep[] = []
  const events: EventLine[] = []
  let unread = 0
  let left = 0
  const keep = <T>(kept: T[], line: T): boolean => {
    const room = kept.length < mostKept
    if (room) kept.push(line)
    else left += 1
    return room
  }
  // At once: what was heard is kept also where we are killed over the next line.
  const record = (text: string) => {
    if (series !== undefined) appendFileSync(series, `${text}\n`)
  }
  const reader = readLines((text) => {
    const line = parseProgress(text)
    if (line === undefined) {
      unread += 1
      return
    }
    if (line.event === 'step' ? keep(reported, line) : keep(events, line)) record(text)
    onLine?.(line)
  })
  return {
    progress: reader.add,
    log(text) {
      const step = readLog && reported.length === 0 ? read(text) : undefined
      if (step === undefined) return
      keep(logged, step)
      onLine?.(step.line)
    },
    tells: () => reported.length + logged.length > 0,
    heard(tracked = []) {
      const bySource = { progress: reported, log: numbered(logged), mlflow: tracked } as const
      const source = (['progress', 'log', 'mlflow'] as const).find((one) => bySource[one].length > 0) ?? 'nothing'
      const steps = source === 'nothing' ? [] : bySource[source]
      // Only now is it known that nothing else tells of its steps.
      if (source !== 'progress' && steps.length > 0 && series !== undefined)
        appendFileSync(series, steps.map((step) => `${JSON.stringify(step)}\n`).join(''))
      return { source, steps, events, unread, torn: reader.torn(), left }
    },
  }
}
