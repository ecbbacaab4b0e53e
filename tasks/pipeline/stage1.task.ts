import { defineTask } from '../../lib/index.ts'
import { stage1Options } from './stage-options.ts'

export default defineTask({
  name: 'stage1',
  title: 'Stage 1 of the reference pipeline: ingest images and augment them',
  options: stage1Options,
  async run(options, context) {
    const { augmentStage } = await import('./stage/augment-stage.ts')
    const { runStage } = await import('./stage/run-stage.ts')
    const { stageStore } = await import('./stage/stage-store.ts')
    return runStage(augmentStage(options), stageStore(context), options, context)
  },
})
