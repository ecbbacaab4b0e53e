import * as v from 'valibot'
import { type Param, param } from '../../lib/index.ts'
import { ratioOfMedians } from '../../lib/stats/ratio.ts'
import { devicesHere } from './devices.ts'

/** Fewer images than a training at work has: figures of them say so. */
const fullSize = 10_000

const numbers = (help: string, usual: string): Param<readonly number[]> =>
  param(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d*(,[1-9]\d*)*$/, 'whole numbers from 1 with commas between them'),
      v.transform((text) => [...new Set(text.split(',').map(Number))]),
    ),
    { default: usual, help },
  )

/** Numbers of images in an epoch. */
export function dataSizes(usual: string): Param<readonly number[]> {
  return numbers('images of an epoch, for each measure', usual)
}

/** So many at once, as far as there are devices. */
const usualInstances = [1, 2, 4, 8]

/** Numbers of instances that this machine has devices for, CUDA's or else cores: those asked for and 1, in ascending order. */
export function instanceCounts({ cores, gpus } = devicesHere(process.env)): Param<readonly number[]> {
  const most = gpus > 0 ? gpus : cores
  const rule = `usual, or whole numbers from 1 to ${most}, the ${gpus > 0 ? 'CUDA devices' : 'cores'} of this machine, with commas between them`
  const schema = v.pipe(
    v.string(),
    v.regex(/^(usual|[1-9]\d{0,8}(,[1-9]\d{0,8})*)$/, rule),
    v.transform((text) =>
      text === 'usual' ? usualInstances.filter((count) => count <= most) : text.split(',').map(Number),
    ),
    v.check((counts) => counts.every((count) => count <= most), rule),
    v.transform((counts) => [...new Set([1, ...counts])].sort((a, b) => a - b)),
  )
  const help = 'instances that train together; usual: 1, 2, 4 and 8 as far as there are devices'
  return param(schema, { default: 'usual', help })
}

/** `1,000 images, scaled down`. */
export function sizeWords(images: number): string {
  return `${images.toLocaleString('en')} images${images < fullSize ? ', scaled down' : ''}`
}

export const Scaling = v.object({
  /** Up to so many instances each step up pays. */
  instances: v.number(),
  /** Of each number of instances: the rate over that of one, by instance, and the interval of that. */
  efficiencies: v.array(v.object({ instances: v.number(), value: v.number(), low: v.number(), high: v.number() })),
})
export type Scaling = v.InferOutput<typeof Scaling>

/** A step up pays while it makes the whole at least so much faster. */
const worthwhile = 1.1

/** Where more instances stop paying, by rates (images per second) of samples of each number of them. */
export function scalingOf(rates: Readonly<Record<string, readonly number[]>>): Scaling {
  const counts = Object.keys(rates)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
  const of = (count: number) => rates[String(count)] ?? []
  const [least = 1] = counts
  let instances = least
  for (const [index, count] of counts.entries()) {
    const before = counts[index - 1]
    if (before === undefined) continue
    const step = ratioOfMedians(of(count), of(before))
    if (before !== instances || step === undefined || step.value < worthwhile) break
    instances = count
  }
  const efficiencies = counts.flatMap((count) => {
    const ratio = ratioOfMedians(of(count), of(least))
    const each = (least / count) * 100
    if (ratio === undefined || count === least) return []
    return [{ instances: count, value: ratio.value * each, low: ratio.low * each, high: ratio.high * each }]
  })
  return { instances, efficiencies }
}

/** `1 instance is best: 2 have 52 % (48 to 57) of what each alone would do`. */
export function scalingWords({ instances, efficiencies }: Scaling): string {
  const best = `${instances} ${instances === 1 ? 'instance is' : 'instances are'} best`
  const each = efficiencies.map(
    ({ instances, value, low, high }) =>
      `${instances} do ${Math.round(value)} % (${Math.round(low)} to ${Math.round(high)}) of as many times one`,
  )
  return each.length === 0 ? 'there is nothing to hold one instance against' : `${best}: ${each.join(', ')}`
}
