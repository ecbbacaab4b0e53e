import { definePlan, text } from '../lib/index.ts'
import { imageFolder } from '../tasks/images/params.ts'
import { sizeList } from '../tasks/images/sizes.ts'
import { runStage, runStageAgain, SecondPass, StageReport } from '../tasks/pipeline/black-box.ts'
import { judgeSecondPass, judgeStage } from '../tasks/pipeline/judge.ts'
import { stagePatience, stagePoll } from '../tasks/pipeline/params.ts'
import { pipelineStore } from '../tasks/pipeline/pipeline-store.ts'
import { imagesStillThere, outputsStillThere, SourceImages, uploadImages } from '../tasks/pipeline/source-images.ts'

export default definePlan(
  {
    name: 'functional-1',
    kind: 'functional',
    title: 'Stage 1 and Stage 2 against a local S3 endpoint',
    params: {
      images: imageFolder(),
      sizes: sizeList('1080p,720p,800x600'),
      stage1: text('', 'command of your stage 1 (default: the reference stage)'),
      stage2: text('', 'command of your stage 2 (default: the reference stage)'),
      patience: stagePatience(),
      poll: stagePoll(),
    },
  },
  (plan, { images, sizes, stage1, stage2, patience: waits, poll: pollInterval }) => {
    const store = plan.use(pipelineStore(images, sizes))
    const polling = { mode: 'poll', late: 'late.jpg', pollInterval, waits } as const

    const raw = plan.step({
      name: 'upload sample images',
      needs: { store },
      output: SourceImages,
      run: ({ store }, context) => uploadImages(store, images, context),
      stillThere: (raw, { store }) => imagesStillThere(store, raw),
    })

    const augmented = plan.step({
      name: 'stage 1: augment, polling',
      needs: { store, raw },
      output: StageReport,
      run: ({ store, raw }, context) => runStage('stage1', { store, input: raw, command: stage1, ...polling }, context),
      stillThere: (report, { store }) => outputsStillThere(store, report),
    })

    const augmentedAgain = plan.step({
      name: 'stage 1 once more',
      needs: { store, raw, augmented },
      output: SecondPass,
      run: ({ store, raw, augmented }, context) =>
        runStageAgain(augmented, { store, input: raw, command: stage1 }, context),
    })

    plan.check({
      name: 'stage 1 wrote every image and a valid manifest',
      needs: { augmented, augmentedAgain },
      run: ({ augmented, augmentedAgain }) => [...judgeStage(augmented), judgeSecondPass(augmentedAgain)],
    })

    const normalized = plan.step({
      name: 'stage 2: normalize, polling',
      // Its late image lies where stage 1 writes: stage 1 must have been looked at to the end before.
      needs: { store, augmented, augmentedAgain },
      output: StageReport,
      run: ({ store, augmented }, context) =>
        runStage('stage2', { store, input: augmented.output, command: stage2, sizes, ...polling }, context),
      stillThere: (report, { store }) => outputsStillThere(store, report),
    })

    const normalizedAgain = plan.step({
      name: 'stage 2 once more',
      needs: { store, augmented, normalized },
      output: SecondPass,
      run: ({ store, augmented, normalized }, context) =>
        runStageAgain(normalized, { store, input: augmented.output, command: stage2, sizes }, context),
    })

    plan.check({
      name: 'stage 2 wrote every size and a valid manifest',
      needs: { normalized, normalizedAgain },
      run: ({ normalized, normalizedAgain }) => [...judgeStage(normalized), judgeSecondPass(normalizedAgain)],
    })
  },
)
