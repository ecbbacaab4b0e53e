import { availableParallelism } from 'node:os'
import * as v from 'valibot'
import { type MeasureContext, Problem, quantity, type StepContext } from '../../lib/index.ts'
import type { TrainOptions } from './train.ts'
import { type Amount, type Epoch, type Seen, sampleTraining, type TrainingSample } from './train-sample.ts'

/** What can be seen of a training from outside, or why not. */
const sight = v.union([v.literal(true), v.string()])
export const TrainingTrial = v.object({ sees: v.object({ speed: sight, resources: sight, waiting: sight }) })
export type TrainingTrial = v.InferOutput<typeof TrainingTrial>

const unseenProcesses = 'none of its processes was seen, which are looked for in /proc'

/** Trains once, for nothing but to see whether it does, and what it tells. Throws a Failure where it doesn't. */
export async function tryTraining(
  options: Omit<TrainOptions, 'variables'>,
  epoch: Epoch,
  context: StepContext,
): Promise<TrainingTrial> {
  const { speed, memory, waiting } = await sampleTraining(options, epoch, context)
  const sees = (side: Seen<Amount>) => side.kind === 'seen' || side.reason
  context.progress(speed.kind === 'seen' ? `timed by ${speed.by}` : 'its steps cannot be timed')
  const resources = memory !== undefined || unseenProcesses
  return { sees: { speed: sees(speed), resources, waiting: sees(waiting) } }
}

/** A number of instances, maybe with a word behind it that tells it from the same number. */
type SampleContext = StepContext & Pick<MeasureContext<string>, 'variant' | 'round'>

export interface TrainingSamples {
  /** What was seen in this round, of a training run once for all measures that ask: each sees another side of the same runs. */
  take(python: string, context: SampleContext): Promise<TrainingSample>
}

/** Samples of a training over an epoch of so many images, with as many instances as the variant says. */
export function trainingSamples(images: number, options: Omit<TrainOptions, 'variables' | 'python'>): TrainingSamples {
  const taken = new Map<string, TrainingSample>()
  return {
    async take(python, context) {
      const { variant, round } = context
      const name = `${variant} in round ${round}`
      const before = taken.get(name)
      if (before !== undefined) return before
      const instances = Number.parseInt(variant, 10)
      const sample = await sampleTraining({ ...options, python }, { images, instances }, context)
      // Those of the warm-up are no measure's.
      if (round > 0) taken.set(name, sample)
      return sample
    },
  }
}

export function speedOf({ speed }: TrainingSample) {
  const { images, seconds } = seen('how fast it is', speed)
  return { rate: quantity(images / seconds, 'img/s'), time: quantity(seconds, 's') }
}

/** `cpu`: of all cores of the machine. */
export function resourcesOf({ cores, memory }: TrainingSample) {
  if (memory === undefined) throw new Problem(`Cannot tell the peak memory: ${unseenProcesses}`)
  return { memory: quantity(memory / 1e6, 'MB'), cpu: quantity((100 * cores) / availableParallelism(), '%') }
}

/** `loader`: what it could do if it only waited; `waiting`: of the time of its steps. */
export function waitingOf({ speed, waiting }: TrainingSample) {
  const [all, waited] = [seen('how fast it is', speed), seen('how long it waits', waiting)]
  return {
    loader: quantity(waited.seconds > 0 ? waited.images / waited.seconds : 0, 'img/s'),
    waiting: quantity((100 * waited.seconds) / all.seconds, '%'),
  }
}

function seen(what: string, side: Seen<Amount>): Amount {
  if (side.kind === 'unseen') throw new Problem(`Cannot tell ${what}: ${side.reason}`)
  return side
}
