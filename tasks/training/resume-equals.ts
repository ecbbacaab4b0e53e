import { type Finding, holds } from '../../lib/index.ts'
import type { LossAt } from './loss-course.ts'
import { sameTensors, type TensorDifference } from './safetensors.ts'

/** What a training came to. */
export interface Outcome {
  /** In the order they were done, a step that was repeated after a resume once for each time. */
  readonly losses: readonly LossAt[]
  /** The final weights: the bytes of a safetensors file. */
  readonly weights: Uint8Array
}

/** How far a resumed training may be from the unbroken one; zero for both where the framework promises the same bits. */
export interface Band {
  /** Of any step's loss. */
  readonly loss: number
  /** Of any single weight. */
  readonly weight: number
}

export const bitForBit: Band = { loss: 0, weight: 0 }

/** As far as unbroken trainings are from each other; `bitForBit` where those are the same. */
export function bandOf(repeats: readonly Outcome[]): Band {
  const pairs = repeats.flatMap((one, index) => repeats.slice(index + 1).map((other) => [one, other] as const))
  return {
    loss: Math.max(0, ...pairs.map(([a, b]) => curveDifference(a.losses, b.losses).most)),
    weight: Math.max(0, ...pairs.map(([a, b]) => sameTensors(a.weights, b.weights).most)),
  }
}

/**
 * Whether an interrupted training is the unbroken one: each step it did, repeated ones included, has the loss it has there, none is
 * missing, and the weights it ends with are the same: within `band`, which is nothing unless said otherwise.
 */
export function resumeEquals(unbroken: Outcome, resumed: Outcome, band: Band = bitForBit): readonly Finding[] {
  const curve = curveDifference(unbroken.losses, resumed.losses)
  const weights = sameTensors(unbroken.weights, resumed.weights)
  const words = (most: number) => (most === 0 ? 'bit for bit' : `within ${short(most)}`)
  return [
    holds(
      'every step is done, and none beyond',
      curve.missing.length === 0 && curve.beyond.length === 0,
      [
        ...(curve.missing.length > 0 ? [`steps ${some(curve.missing)} are missing`] : []),
        ...(curve.beyond.length > 0 ? [`steps ${some(curve.beyond)} are not of the unbroken training`] : []),
      ].join(', '),
    ),
    holds(
      `the loss of every step is that of the unbroken training, ${words(band.loss)}`,
      curve.most <= band.loss,
      curve.first === undefined
        ? 'there is nothing to compare'
        : `from step ${curve.first.step} on: ${curve.first.resumed} where it was ${curve.first.unbroken}; ${short(curve.most)} apart at most`,
    ),
    holds(
      `the final weights are those of the unbroken training, ${words(band.weight)}`,
      weights.shape === undefined && weights.most <= band.weight,
      weights.shape ?? differenceWords(weights),
    ),
  ]
}

function differenceWords({ count, of, most, first }: TensorDifference): string {
  return `${count} of ${of} tensors differ, ${first} first; ${short(most)} apart at most`
}

/** Where two loss curves part. A step that was done twice must come to the same both times. */
function curveDifference(unbroken: readonly LossAt[], resumed: readonly LossAt[]) {
  const expected = new Map(unbroken.map(({ step, loss }) => [step, loss]))
  const done = new Set(resumed.map(({ step }) => step))
  const apart = resumed.flatMap(({ step, loss }) => {
    const there = expected.get(step)
    // Equal also where both are no number: that is then the same training too.
    if (there === undefined || Object.is(there, loss)) return []
    const by = Math.abs(there - loss)
    return [{ step, resumed: loss, unbroken: there, by: Number.isNaN(by) ? Infinity : by }]
  })
  return {
    missing: [...expected.keys()].filter((step) => !done.has(step)),
    beyond: [...done].filter((step) => !expected.has(step)),
    most: Math.max(0, ...apart.map(({ by }) => by)),
    first: apart.toSorted((a, b) => a.step - b.step)[0],
  }
}

function some(steps: readonly number[]): string {
  return steps.length > 5 ? `${steps.slice(0, 5).join(', ')} and ${steps.length - 5} more` : steps.join(', ')
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}
