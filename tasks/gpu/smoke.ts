import * as v from 'valibot'
import { Failure, type Finding, holds, type StepContext, undecided } from '../../lib/index.ts'
import { nameOfKernel } from './kernel.ts'
import { peakOf } from './peaks.ts'
import { capable, type GpuClient, presentGpu } from './service.ts'

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

export function seeCard(client: GpuClient, { progress, log }: StepContext): CardSeen {
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

export const Computed = v.array(
  v.object({ kernel: v.string(), result: v.picklist(['right', 'wrong', 'not run']), why: v.optional(v.string()) }),
)
export type Computed = v.InferOutput<typeof Computed>

/** A kernel, a size at which it takes no time to speak of, and features without which it can't run. */
export interface SmallKernel {
  readonly kernel: URL
  readonly size: number
  readonly needs: readonly string[]
}

/** Has every kernel compute something small, which the worker holds against its reference. */
export async function computeEach(
  client: GpuClient,
  kernels: readonly SmallKernel[],
  context: StepContext,
): Promise<Computed> {
  const gpu = presentGpu(client)
  const all: Computed = []
  for (const { kernel, size, needs } of kernels) {
    const name = nameOfKernel(kernel)
    context.progress(`${name}, ${all.length + 1} of ${kernels.length}`)
    const can = capable(gpu, needs)
    const work = async () => {
      await gpu.sample(kernel, size, { seconds: 0.01, search: 0 }, context)
      for (const { kernel, wrong } of await gpu.release())
        if (kernel === name && wrong !== undefined) throw new Failure(wrong)
    }
    if (can !== true) all.push({ kernel: name, result: 'not run', why: can })
    else all.push({ kernel: name, ...(await resultOf(work)) })
  }
  const not = all.filter(({ result }) => result === 'not run').length
  context.progress(`${all.length - not} kernels${not > 0 ? `, ${not} not run` : ''}`)
  return all
}

/** What can't be run at all is no answer, and thrown on. */
async function resultOf(work: () => Promise<unknown>): Promise<Omit<Computed[number], 'kernel'>> {
  try {
    await work()
    return { result: 'right' }
  } catch (error) {
    if (error instanceof Failure) return { result: 'wrong', why: error.message }
    throw error
  }
}

export function judgeComputed(computed: Computed): readonly Finding[] {
  return computed.map(({ kernel, result, why = '' }) =>
    result === 'not run'
      ? undecided(`${kernel} computes right`, why)
      : holds(`${kernel} computes right`, result === 'right', why),
  )
}
