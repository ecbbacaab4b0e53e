import * as v from 'valibot'
import type { KernelSample, LoadedKernel } from '../kernel.ts'

/** What the GPU worker answers, as JSON; undefined is what JSON leaves out. */

const Tuning = v.record(v.string(), v.number())

const Facts = v.object({
  name: v.string(),
  kind: v.picklist(['hardware', 'software']),
  vendor: v.string(),
  architecture: v.string(),
  uuid: v.optional(v.string()),
  driver: v.string(),
  backend: v.string(),
  features: v.array(v.string()),
  limits: v.record(v.string(), v.number()),
  subgroups: v.object({ least: v.number(), most: v.number() }),
  matrices: v.array(
    v.object({ component: v.string(), result: v.string(), m: v.number(), n: v.number(), k: v.number() }),
  ),
})

const Seen = v.array(v.object({ name: v.string(), backend: v.string(), kind: v.picklist(['hardware', 'software']) }))

const ToggleSeen = v.object({
  name: v.string(),
  asked: v.picklist(['on', 'off']),
  seen: v.picklist(['yes', 'no', 'untold']),
  how: v.string(),
})

/** `none`: no adapter of that kind, or (`why`) no WebGPU that could find one. */
export const Opened = v.variant('kind', [
  v.object({ kind: v.literal('opened'), facts: Facts, toggles: v.array(ToggleSeen), all: Seen }),
  v.object({ kind: v.literal('none'), all: Seen, why: v.optional(v.string()) }),
])
export type ToggleSeen = v.InferOutput<typeof ToggleSeen>
export type SeenAdapter = v.InferOutput<typeof Seen>[number]
export type Opened = v.InferOutput<typeof Opened>

export interface LoadedAnswer extends LoadedKernel {
  /** By which it is asked for from now on. */
  readonly loaded: number
}

export const LoadedAnswer: v.GenericSchema<unknown, LoadedAnswer> = v.object({
  loaded: v.number(),
  tuning: Tuning,
  search: v.array(
    v.pipe(
      v.object({ tuning: Tuning, seconds: v.optional(v.number()), refused: v.optional(v.string()) }),
      v.transform(({ seconds, ...rest }) => ({ ...rest, seconds })),
    ),
  ),
  compileSeconds: v.number(),
  bytes: v.number(),
  flop: v.number(),
  count: v.number(),
  footprint: v.number(),
})

export const Sampled: v.GenericSchema<unknown, KernelSample> = v.pipe(
  v.object({ operations: v.number(), deviceSeconds: v.optional(v.number()), wallSeconds: v.number() }),
  v.transform(({ deviceSeconds, ...rest }) => ({ ...rest, deviceSeconds })),
)

/** Bytes resident in the worker's process, at even distances from before the first cycle to after the last. */
export const Churned = v.object({ cycles: v.number(), resident: v.array(v.number()) })
export type Churned = v.InferOutput<typeof Churned>

export const Allocated = v.object({ fits: v.boolean(), why: v.optional(v.string()) })
export type Allocated = v.InferOutput<typeof Allocated>

export const Nothing = v.object({})
