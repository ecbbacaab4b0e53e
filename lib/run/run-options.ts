import type { Machine } from '../machine/machine.ts'
import type { Baseline } from '../record/baseline.ts'
import type { Code, Outcome } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Lock, Store } from '../record/store.ts'
import type { Clock } from './clock.ts'
import type { Observer } from './observe.ts'
import type { Selection } from './select.ts'
import type { Policy } from './summing.ts'

export interface RunOptions extends Partial<Policy> {
  /** Where runs are kept. */
  readonly store: Store
  /** Where shell steps run; the process's folder when absent. */
  readonly cwd?: string | undefined
  /** Parameters in text, which win over `ASSAY_<NAME>` in `env`. */
  readonly params?: Readonly<Record<string, string>> | undefined
  /** `process.env` when absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** At most this many steps at once; the number of cores when absent. */
  readonly jobs?: number | undefined
  readonly selection?: Selection | undefined
  /** The run to go on with. */
  readonly resume?: string | undefined
  /** Beside other runs of this plan: takes no lock. Not for `resume`, since two must not write one journal. */
  readonly parallel?: boolean | undefined
  /** What the plan's outputs are made by: what a resumed run reuses must have been made by the same. Absent: not checked. */
  readonly code?: Code | undefined
  /** The run that metrics are held against where the plan says so. */
  readonly baseline?: Baseline | undefined
  /** What this runs on, watched while a measure takes its samples; absent: not looked at. */
  readonly machine?: Machine | undefined
  /** Services leave their data. */
  readonly keep?: boolean | undefined
  /** Nothing else goes on in this process: whatever it started since the run began ends with the run, also what still has a parent. */
  readonly alone?: boolean | undefined
  /** Stops the run; its reason says why. */
  readonly signal?: AbortSignal | undefined
  readonly observe?: Observer | undefined
  readonly clock?: Clock | undefined
  /** The command that runs it again, for the record. */
  readonly again?: string | undefined
}

export type RunResult =
  | {
      readonly kind: 'ended'
      readonly outcome: Outcome
      /** 0 passed · 1 failed · 2 errored or nothing ran. */
      readonly exit: number
      readonly run: string
      /** The run's folder. */
      readonly path: string
      readonly record: RunRecord
    }
  /** Another run of this plan holds the lock. */
  | ({ readonly kind: 'busy' } & Extract<Lock, { readonly kind: 'busy' }>)
  /** `resume` of a run that passed, with nothing changed. */
  | { readonly kind: 'nothing to do'; readonly run: string; readonly path: string; readonly record: RunRecord }
