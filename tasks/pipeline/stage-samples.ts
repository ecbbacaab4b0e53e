import { availableParallelism } from 'node:os'
import { type MeasureContext, Problem, quantity } from '../../lib/index.ts'
import type { Size } from '../images/sizes.ts'
import { readSources } from './black-box-objects.ts'
import type { StageContext, StageName, StageRun, StageStore } from './black-box-start.ts'
import type { SourceImage } from './evidence.ts'
import { type StageSample, sampleStage } from './sample-stage.ts'
import type { SourceImages } from './source-images.ts'

export interface SampledStage extends Pick<StageRun, 'command' | 'nvme' | 'waits'> {
  /** A sample of variant `3` makes the first three of them. */
  readonly sizes: readonly Size[]
}

export interface StageSamples {
  /** What was seen of the stage in this round, run once for all measures that ask: each sees another side of the same runs. */
  take(inputs: { readonly store: StageStore; readonly raw: SourceImages }, context: SampleContext): Promise<StageSample>
}

type SampleContext = StageContext & Pick<MeasureContext<string>, 'variant' | 'round' | 'time'>

/** Samples of a stage with so many output sizes as the variant says. */
export function stageSamples(stage: StageName, { sizes, ...settings }: SampledStage): StageSamples {
  const known = new Map()
  const taken = new Map<string, StageSample>()
  let sources: readonly SourceImage[] | undefined
  return {
    async take({ store, raw }, context) {
      const { variant, round, time } = context
      const name = `${variant} in round ${round}`
      const before = taken.get(name)
      if (before) return before
      sources ??= await readSources(store.s3, raw)
      const run = { ...settings, store, input: raw, sizes: sizes.slice(0, Number(variant)) }
      const sample = await sampleStage({ stage, run, sources, known, time }, context)
      // Those of the warm-up are no measure's.
      if (round > 0) taken.set(name, sample)
      return sample
    },
  }
}

export function speedOf({ images, seconds }: StageSample) {
  return { rate: quantity(images / seconds, 'img/s'), time: quantity(seconds, 's') }
}

/** `cpu`: of all cores of the machine. */
export function resourcesOf({ usage, seconds }: StageSample) {
  if (usage.memory === undefined) throw new Problem('Cannot tell the peak memory: no process was seen')
  const cores = availableParallelism()
  return {
    memory: quantity(usage.memory / 1e6, 'MB'),
    cpu: quantity((100 * usage.cpuSeconds) / seconds / cores, '%'),
  }
}

/** What its processes had written to local disk in each second of its run: what it asks of the disk, not what the disk could do. */
export function diskWritesOf({ usage, seconds }: StageSample) {
  if (usage.written === undefined)
    throw new Problem('Cannot tell what was written to local disk: it is not counted here')
  return { written: quantity(usage.written / 1e6 / seconds, 'MB/s') }
}

/** What it uploaded in each second in which at least one upload was under way. */
export function uploadRateOf({ uploads }: StageSample) {
  if (uploads.kind === 'unseen') throw new Problem(`Cannot tell how long uploads took: ${uploads.reason}`)
  return { uploaded: quantity(uploads.bytes / 1e6 / uploads.seconds, 'MB/s') }
}
