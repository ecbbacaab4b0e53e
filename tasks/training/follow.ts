import { appendFileSync } from 'node:fs'
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
  readonly source: 'progress' | 'log' | 'nothing'
  readonly steps: readonly StepLine[]
  /** Every other line. */
  readonly events: readonly EventLine[]
  /** Whole lines that said nothing we know. */
  readonly unread: number
  /** Whether the last line was broken off. */
  readonly torn: boolean
}

export interface Follower {
  /** Takes what it writes to the descriptor for progress. */
  progress(bytes: Uint8Array): void
  /** Takes a line of its log. */
  log(line: string): void
  heard(): Heard
}

/** Gathers what a training says while it runs. */
export function followTraining({ series, readLog, onLine }: FollowOptions): Follower {
  const { read } = readLogSteps()
  const reported: StepLine[] = []
  const logged: StepLine[] = []
  const events: EventLine[] = []
  let unread = 0
  // At once: what was heard is kept also where we are killed over the next line.
  const record = (line: ProgressLine, text = JSON.stringify(line)) => {
    if (series !== undefined) appendFileSync(series, `${text}\n`)
  }
  const reader = readLines((text) => {
    const line = parseProgress(text)
    if (line === undefined) {
      unread += 1
      return
    }
    if (line.event === 'step') reported.push(line)
    else events.push(line)
    record(line, text)
    onLine?.(line)
  })
  return {
    progress: reader.add,
    log(text) {
      const step = readLog && reported.length === 0 ? read(text) : undefined
      if (step === undefined) return
      logged.push(step)
      onLine?.(step)
    },
    heard() {
      // Only now is it known that nothing else tells of its steps.
      if (reported.length === 0) for (const step of logged) record(step)
      const source = reported.length > 0 ? 'progress' : logged.length > 0 ? 'log' : 'nothing'
      return { source, steps: source === 'log' ? logged : reported, events, unread, torn: reader.torn() }
    },
  }
}
