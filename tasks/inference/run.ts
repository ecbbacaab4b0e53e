import type { S3 } from '../object-store/client.ts'
import type { Waits } from '../pipeline/black-box-start.ts'
import type { Place } from './documents.ts'

export type ModelAsked =
  /** The newest version of a name; `environment` says where MLflow is, as its own clients read it. */
  | {
      readonly kind: 'registered'
      readonly name: string
      readonly environment: Readonly<Record<string, string>>
      /** What it should turn out to be, as far as it is known. */
      readonly version?: string | undefined
      readonly classes?: readonly string[] | undefined
    }
  /** What a training left in a folder. */
  | { readonly kind: 'folder'; readonly name: string; readonly path: string }

export interface InferenceStore {
  readonly s3: S3
  bucket(role: 'hitl' | 'output'): string
  /** What everything of this run is written under: empty, or ends in `/`. */
  readonly prefix: string
}

export interface InferenceRun {
  readonly store: InferenceStore
  /** Where its images are. */
  readonly input: Place
  readonly model: ModelAsked
  /** An interpreter with the packages of the reference inference. */
  readonly python: string
  /** A shell command line in place of the reference inference. */
  readonly command?: string | undefined
  readonly mode: 'poll' | 'once'
  /** Predictions no surer than this are for review, 1: all of them; `defaultConfidence` when absent. */
  readonly reviewConfidence?: number | undefined
  /** Seconds between two looks of it at its prefix; `defaultPoll` when absent. */
  readonly pollInterval?: number | undefined
  /** A folder on the disk to use as NVMe; the step's own when absent. */
  readonly nvme?: string | undefined
  /** More variables for it. */
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly waits?: Partial<Waits> | undefined
}

export const defaultConfidence = 0.9

/** The first is long: torch alone takes half a minute to load where the machine is busy. */
export const defaultWaits: Waits = { first: 120, quiet: 5, deadline: 900, grace: 15 }
