import type { Shell } from 'zx'
import type { Masking } from './mask.ts'

/** What any piece of running work is given: how it hears that it should stop, and how it says what it does. */
export interface WorkContext {
  readonly signal: AbortSignal
  /** A line for the step's log. */
  log(line: string): void
  /** A few words on how far it is, shown while it runs and not kept: `12 of 36 images`. */
  progress(text: string): void
  /** Has the record say what it took to end a program that was told to stop; `$` does so itself. */
  stopped?(how: Stopped): void
}

/** How a program came to an end once it was told to: before it could hear that, on SIGTERM, or only on SIGKILL. */
export type Stopped = 'by itself' | 'term' | 'kill'

/** What a step's function is given beside its inputs. */
export interface StepContext extends WorkContext {
  readonly plan: string
  /** The run's id, unique among this plan's runs. */
  readonly run: string
  /** 1, then 2 … when the step is retried. */
  readonly attempt: number
  /** A folder of the step's own in the run's folder, for what it leaves as artifacts; made when first asked for. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /**
   * Says that a command was run whose program is not of this repository: only its words count as code, and `--explain` tells
   * that the program was not checked. What `$` runs is known without it.
   */
  foreign(command: string): void
  /** Takes the run's secrets out of what a step is about to keep; what it logs, returns and throws is masked anyway. */
  readonly mask: Masking
  /** zx's `$`, bound to this step: cancelled with it, its output in the step's log. */
  readonly $: Shell
}

/** What a measure's function is given for each sample. */
export interface MeasureContext<V extends string> extends StepContext {
  /** Which of the variants to take a sample of. */
  readonly variant: [V] extends [never] ? undefined : V
  /** 1, 2 … of the rounds that count; 0 while warming up. */
  readonly round: number
  /**
   * How long an operation takes. What comes before and after the call is not timed. An operation that is too short for the clock is done
   * many times in one span, the same number in every sample, unless `times` says how often: 1 for one that would not do the same again.
   */
  time<T>(operation: () => T, options?: { readonly times?: number }): Promise<Timed<Awaited<T>>>
}

export interface Timed<T> {
  /** Of one operation. */
  readonly seconds: number
  /** What the last of them returned. */
  readonly value: T
}
