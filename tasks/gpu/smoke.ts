import * as v from 'valibot'
import { Failure, type Finding, holds, Problem, undecided, type WorkContext } from '../../lib/index.ts'
import { nameOfKernel } from './kernel.ts'
import { peakOf } from './peaks.ts'
import { capable, type GpuClient, presentGpu } from './service.ts'
import type { Bench } from './worker/bench.ts'

/** What is to be seen of a card without giving it work. */
export const CardSeen = v.object({
  name: v.string(),
  kind: v.picklist(['hardware', 'software']),
  driver: v.string(),
  backend: v.string(),
  features: v.array(v.string()),
  /** GB; undefined where nobody tells. */
  memory: v.optional(v.number()),
  toggles: v.array(v.object({ name: v.string(), seen: v.string(), how: v.string() })),
})
export type CardSeen = v.InferOutput<typeof CardSeen>

export function seeCard(client: GpuClient, { progress, log }: WorkContext): CardSeen {
  const { facts, toggles, memory: bytes } = presentGpu(client)
  const memory = bytes === undefined ? undefined : bytes / 1e9
  const { name, kind, driver, backend, features } = facts
  log(JSON.stringify({ ...facts, toggles }))
  const room = memory === undefined ? '' : `, ${memory.toFixed(1)} GB`
  progress(`${name}${room}, ${driver}, ${backend}`)
  return { ...{ name, kind, driver, backend }, features: [...features], memory, toggles: [...toggles] }
}

/** What a person expects of it; nothing where a text is empty, or 0. */
export interface Expected {
  readonly driver: string
  /** GB, at least. */
  readonly memory: number
}

export function judgeCard(seen: CardSeen, { driver, memory }: Expected): readonly Finding[] {
  const published = peakOf(seen.name)?.memory
  const least = memory > 0 ? memory : published === undefined ? 0 : published * visible
  const holdsMemory = `it has ${Number(least.toPrecision(3))} GB of memory or more`
  return [
    ...(driver === ''
      ? []
      : [holds(`the driver is ${driver}`, seen.driver.includes(driver), `found '${seen.driver}'`)]),
    ...(least === 0
      ? []
      : [
          seen.memory === undefined
            ? undecided(holdsMemory, 'nobody tells how much it has: it is not watched')
            : holds(holdsMemory, seen.memory >= least, `found ${seen.memory.toFixed(1)} GB`),
        ]),
    // What has an effect on other cards alone, or none that could be seen, is told in the log.
    ...seen.toggles
      .filter(({ seen }) => seen !== 'untold')
      .map(({ name, seen, how }) => holds(`Dawn's ${name} has its effect`, seen === 'yes', how)),
  ]
}

/** Of what is published, what error correction and the driver leave to see at least. */
const visible = 0.9

export const Computed = v.object({
  kernels: v.array(v.object({ kernel: v.string(), wrong: v.optional(v.string()) })),
  /** What the adapter is without, by kernel. */
  left: v.record(v.string(), v.string()),
})
export type Computed = v.InferOutput<typeof Computed>

/** A kernel, a size at which it takes no time to speak of, and features without which it can't run. */
export interface SmallKernel {
  readonly kernel: URL
  readonly size: number
  readonly needs: readonly string[]
}

/** A driver takes seconds for what is compiled for the first time, and no kernel of these takes one. */
const oneSample = { seconds: 0.01, search: 0, within: 60 }

/**
 * Has every kernel compute something small, which the worker holds against its reference. What does not compile, crashes the driver or
 * never ends is that kernel's, and the others go on.
 */
export async function computeEach(
  client: GpuClient,
  kernels: readonly SmallKernel[],
  context: WorkContext,
): Promise<Computed> {
  const gpu = presentGpu(client)
  const computed: Computed = { kernels: [], left: {} }
  for (const { kernel, size, needs } of kernels) {
    const name = nameOfKernel(kernel)
    context.progress(`${name}, ${computed.kernels.length + 1} of ${kernels.length}`)
    const can = capable(gpu, needs)
    if (can !== true) computed.left[name] = can
    else computed.kernels.push({ kernel: name, wrong: await wrongOf(gpu, kernel, size, context) })
  }
  for (const [name, why] of Object.entries(computed.left)) context.log(`${name} is left out: ${why}`)
  const left = Object.keys(computed.left)
  context.progress(
    `${computed.kernels.length} kernels${left.length > 0 ? `; not on this adapter: ${left.join(', ')}` : ''}`,
  )
  return computed
}

async function wrongOf(gpu: Bench, kernel: URL, size: number, context: WorkContext): Promise<string | undefined> {
  try {
    await gpu.sample(kernel, size, oneSample, context)
    const [released] = await gpu.release([kernel])
    return released?.wrong
  } catch (error) {
    context.signal.throwIfAborted()
    if (error instanceof Failure || error instanceof Problem) return error.message
    throw error
  }
}

export function judgeComputed({ kernels }: Computed): readonly Finding[] {
  return kernels.map(({ kernel, wrong }) => holds(`${kernel} computes right`, wrong === undefined, wrong ?? ''))
}
