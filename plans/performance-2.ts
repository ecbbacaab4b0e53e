import { definePlan, higher, integer, lower, noWorseThanBaseline, path, text } from '../lib/index.ts'
import { imageFolder } from '../tasks/images/params.ts'
import { sizeList } from '../tasks/images/sizes.ts'
import { judgeStage } from '../tasks/pipeline/judge.ts'
import { baselineFactor, stagePatience, variantSizes } from '../tasks/pipeline/params.ts'
import { sampledStore } from '../tasks/pipeline/pipeline-store.ts'
import { imagesStillThere, SourceImages, uploadMix } from '../tasks/pipeline/source-images.ts'
import { diskWritesOf, resourcesOf, speedOf, stageSamples, uploadRateOf } from '../tasks/pipeline/stage-samples.ts'
import { StageTrial, tryStage } from '../tasks/pipeline/stage-trial.ts'

export default definePlan(
  {
    name: 'performance-2',
    kind: 'performance',
    title: 'Stage 2 with 1, 2, 3 and 5 variants: speed, memory, CPU, NVMe and S3',
    params: {
      images: imageFolder(),
      count: integer(14, 'images in the set', { min: 1 }),
      mix: sizeList('640x480,1280x720,1920x1080,2592x1944,3840x2160,4032x3024,6000x4000', {
        help: 'resolutions that drawn images have in turn',
      }),
      sizes: variantSizes('1080p,720p,480p,640x640,224x224'),
      stage2: text('', 'command of your stage 2 (default: the reference stage)'),
      nvme: path('', "folder on the disk to stage on (default: the run's own)"),
      rounds: integer(12, 'samples of each number of variants', { min: 1 }),
      seconds: integer(50, 'seconds after which no further round begins', { min: 1 }),
      slower: baselineFactor('1.2', 'the time'),
      larger: baselineFactor('1.1', 'the peak memory'),
      patience: stagePatience(),
    },
  },
  (plan, { images, count, mix, sizes, stage2, nvme, rounds, seconds, slower, larger, patience: waits }) => {
    const variants = ['1', '2', '3', '5'] as const
    const set = { images, resolutions: mix, count }
    const stage = { command: stage2, sizes, waits, nvme: nvme === '' ? undefined : nvme }
    const samples = stageSamples('stage2', stage)
    // Of the same runs as those that were timed, and of few more where time was up before all rounds.
    const sameRuns = { variants, samples: rounds, warmup: 0, budget: '5 s' } as const

    const store = plan.use(sampledStore(set, sizes, rounds))

    const raw = plan.step({
      name: 'upload the set of images',
      needs: { store },
      output: SourceImages,
      run: ({ store }, context) => uploadMix(store, set, context),
      stillThere: (raw, { store }) => imagesStillThere(store, raw),
    })

    const trial = plan.step({
      name: 'stage 2 tried, with everything watched',
      needs: { store, raw },
      output: StageTrial,
      run: ({ store, raw }, context) => tryStage('stage2', { ...stage, store, input: raw }, context),
    })

    const right = plan.check({
      name: 'stage 2 wrote every size and a valid manifest',
      needs: { trial },
      run: ({ trial }) => judgeStage(trial.report),
    })

    plan.measure({
      name: 'time of the set',
      needs: { store, raw, trial, right },
      variants,
      samples: rounds,
      warmup: 1,
      budget: `${seconds} s`,
      metrics: { rate: higher('img/s'), time: lower('s', noWorseThanBaseline(slower)) },
      derived: { 'one more variant': { ...lower('s'), from: ({ time }) => (time['5'] - time['1']) / 4 } },
      skipUnless: ({ trial }) => trial.sees.end,
      run: async (inputs, context) => speedOf(await samples.take(inputs, context)),
    })

    plan.measure({
      name: 'peak memory and CPU',
      needs: { store, raw, trial, right },
      ...sameRuns,
      metrics: { memory: lower('MB', noWorseThanBaseline(larger)), cpu: higher('%') },
      skipUnless: ({ trial }) => trial.sees.resources,
      run: async (inputs, context) => resourcesOf(await samples.take(inputs, context)),
    })

    plan.measure({
      name: 'NVMe writes',
      needs: { store, raw, trial, right },
      ...sameRuns,
      metrics: { written: higher('MB/s') },
      skipUnless: ({ trial }) => trial.sees.disk,
      run: async (inputs, context) => diskWritesOf(await samples.take(inputs, context)),
    })

    plan.measure({
      name: 'S3 uploads',
      needs: { store, raw, trial, right },
      ...sameRuns,
      metrics: { uploaded: higher('MB/s') },
      skipUnless: ({ trial }) => trial.sees.uploads,
      run: async (inputs, context) => uploadRateOf(await samples.take(inputs, context)),
    })
  },
)
