import { type Finding, holds, undecided } from '../../../lib/index.ts'
import { short } from '../words.ts'
import { sameTensors, type TensorDifference } from './safetensors.ts'

/** One step that was done: the loss it had and, where the training says it, the learning rate. */
export interface StepDone {
  readonly step: number
  readonly loss: number | undefined
  readonly lr?: number | undefined
  /** Its number may be another. */
  readonly uncertain?: true | undefined
}

/** What a training came to. */
export interface Outcome {
  /** In the order they were done, a step that was repeated after a resume once for each time. */
  readonly steps: readonly StepDone[]
  /** The final weights: the bytes of a safetensors file; undefined where there are none that can be read. */
  readonly weights: Uint8Array | undefined
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
    loss: Math.max(0, ...pairs.map(([a, b]) => curveDifference(a.steps, b.steps, 'loss').most)),
    weight: Math.max(
      0,
      ...pairs.map(([a, b]) => (a.weights && b.weights ? sameTensors(a.weights, b.weights).most : 0)),
    ),
  }
}

/**
 * Whether an interrupted training is the unbroken one: each step it did, repeated ones included, has the loss and the learning rate it
 * has there, none is missing, and the weights it ends with are the same: losses and weights within `band`, which is nothing unless said
 * otherwise.
 */
export function resumeEquals(unbroken: Outcome, resumed: Outcome, band: Band = bitForBit): readonly Finding[] {
  const words = (most: number) => (most === 0 ? 'bit for bit' : `within ${short(most)}`)
  return [
    ...sameSteps(unbroken.steps, resumed.steps, band, words(band.loss)),
    sameWeights(unbroken.weights, resumed.weights, band, words(band.weight)),
  ]
}

function sameSteps(
  unbroken: readonly StepDone[],
  resumed: readonly StepDone[],
  band: Band,
  words: string,
): readonly Finding[] {
  if ([...unbroken, ...resumed].some(({ uncertain }) => uncertain)) {
    const why =
      'which step a loss is of is not certain in its log: let it print lines like `step 12 loss=0.5123`, or write to PROGRESS_FD'
    return [everyStep, sameLosses, sameRates].map((name) => undecided(name, why))
  }
  const curve = curveDifference(unbroken, resumed, 'loss')
  const rates = curveDifference(unbroken, resumed, 'lr')
  return [
    holds(
      everyStep,
      curve.missing.length === 0 && curve.beyond.length === 0,
      [
        ...(curve.missing.length > 0 ? [`steps ${some(curve.missing)} are missing`] : []),
        ...(curve.beyond.length > 0 ? [`steps ${some(curve.beyond)} are not of the unbroken training`] : []),
      ].join(', '),
    ),
    unbroken.every(({ loss }) => loss === undefined)
      ? undecided(sameLosses, 'it says no losses')
      : holds(`${sameLosses}, ${words}`, curve.most <= band.loss, apartWords(curve)),
    unbroken.every(({ lr }) => lr === undefined)
      ? undecided(sameRates, 'it says no learning rates')
      : holds(sameRates, rates.most === 0, apartWords(rates)),
  ]
}

const everyStep = 'every step is done, and none beyond'
const sameLosses = 'the loss of every step is that of the unbroken training'
const sameRates = 'the learning rate of every step is that of the unbroken training'

function sameWeights(a: Outcome['weights'], b: Outcome['weights'], band: Band, words: string): Finding {
  const name = `the final weights are those of the unbroken training, ${words}`
  if (a === undefined || b === undefined)
    return undecided(name, 'it leaves no weights: neither model.safetensors nor a checkpoint with one')
  const found = sameTensors(a, b)
  return holds(name, found.shape === undefined && found.most <= band.weight, found.shape ?? differenceWords(found))
}

function apartWords({ first, most }: ReturnType<typeof curveDifference>): string {
  return first === undefined
    ? 'there is nothing to compare'
    : `from step ${first.step} on: ${first.resumed} where it was ${first.unbroken}; ${short(most)} apart at most`
}

function differenceWords({ count, of, most, first }: TensorDifference): string {
  return `${count} of ${of} tensors differ, ${first} first; ${short(most)} apart at most`
}

/** Where two curves part. A step that was done twice must come to the same both times. */
function curveDifference(unbroken: readonly StepDone[], resumed: readonly StepDone[], of: 'loss' | 'lr') {
  const expected = new Map(unbroken.map((done) => [done.step, done[of]]))
  const done = new Set(resumed.map(({ step }) => step))
  const apart = resumed.flatMap((now) => {
    const [there, here] = [expected.get(now.step), now[of]]
    // Equal also where both are no number: that is then the same training too.
    if (!expected.has(now.step) || Object.is(there, here)) return []
    const by = Math.abs((there ?? Number.NaN) - (here ?? Number.NaN))
    return [{ step: now.step, resumed: here, unbroken: there, by: Number.isNaN(by) ? Infinity : by }]
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
