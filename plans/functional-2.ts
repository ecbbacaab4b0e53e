import { definePlan, path, text } from '../lib/index.ts'
import { imageFolder } from '../tasks/images/params.ts'
import { sizeList } from '../tasks/images/sizes.ts'
import { Refusal, runStage, runStageWithoutSpace, StageReport } from '../tasks/pipeline/black-box.ts'
import { judgeRefusal, judgeStaging } from '../tasks/pipeline/judge-staging.ts'
import { stagePatience } from '../tasks/pipeline/params.ts'
import { pipelineStore } from '../tasks/pipeline/pipeline-store.ts'
import { imagesStillThere, outputsStillThere, SourceImages, uploadImages } from '../tasks/pipeline/source-images.ts'

export default definePlan(
  {
    name: 'functional-2',
    kind: 'functional',
    title: 'Both stages stage their files on local NVMe, by evidence from outside',
    params: {
      images: imageFolder(),
      sizes: sizeList('720p,480p'),
      nvme: path('', "folder on the disk to stage on (default: the run's own)"),
      stage1: text('', 'command of your stage 1 (default: the reference stage)'),
      stage2: text('', 'command of your stage 2 (default: the reference stage)'),
      patience: stagePatience(),
    },
  },
  (plan, { images, sizes, nvme, patience: waits, ...commands }) => {
    const store = plan.use(pipelineStore(images, sizes))
    const disk = nvme === '' ? undefined : nvme

    const raw = plan.step({
      name: 'upload sample images',
      needs: { store },
      output: SourceImages,
      run: ({ store }, context) => uploadImages(store, images, context),
      stillThere: (raw, { store }) => imagesStillThere(store, raw),
    })

    const augmented = plan.step({
      name: 'stage 1: watched on local disk',
      needs: { store, raw },
      output: StageReport,
      run: ({ store, raw }, context) =>
        runStage('stage1', { store, input: raw, command: commands.stage1, nvme: disk, mode: 'once', waits }, context),
      stillThere: (report, { store }) => outputsStillThere(store, report),
    })

    const normalized = plan.step({
      name: 'stage 2: watched on local disk',
      needs: { store, augmented },
      output: StageReport,
      run: ({ store, augmented: { output } }, context) =>
        runStage(
          'stage2',
          { store, input: output, command: commands.stage2, sizes, nvme: disk, mode: 'once', waits },
          context,
        ),
      stillThere: (report, { store }) => outputsStillThere(store, report),
    })

    const refused1 = plan.step({
      name: 'stage 1: asked for more disk than there is',
      needs: { store, raw, augmented },
      output: Refusal,
      run: ({ store, raw, augmented }, context) =>
        runStageWithoutSpace(augmented, { store, input: raw, command: commands.stage1, nvme: disk }, context),
    })

    const refused2 = plan.step({
      name: 'stage 2: asked for more disk than there is',
      needs: { store, augmented, normalized },
      output: Refusal,
      run: ({ store, augmented: { output }, normalized }, context) =>
        runStageWithoutSpace(
          normalized,
          { store, input: output, command: commands.stage2, sizes, nvme: disk },
          context,
        ),
    })

    plan.check({
      name: 'stage 1 works on local disk and uploads from there',
      needs: { augmented, refused1 },
      run: ({ augmented, refused1 }) => [...judgeStaging(augmented), judgeRefusal(refused1)],
    })

    plan.check({
      name: 'stage 2 works on local disk and uploads from there',
      needs: { normalized, refused2 },
      run: ({ normalized, refused2 }) => [...judgeStaging(normalized), judgeRefusal(refused2)],
    })
  },
)
