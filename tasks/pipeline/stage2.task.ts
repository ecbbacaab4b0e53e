import { defineTask } from '../../lib/index.ts'
import { stage2Options } from './stage-options.ts'

export default defineTask({
  name: 'stage2',
  title: 'Stage 2 of the reference pipeline: normalize images into every size',
  options: stage2Options,
  async run(options, context) {
    const { normalizeStage } = await import('./stage/normalize-stage.ts')
    const { runStage } = await import('./stage/run-stage.ts')
    const { stageStore } = await import('./stage/stage-store.ts')
    const { sizes, fit, background, quality } = options
    const definition = normalizeStage({ sizes, fit, background, format: 'jpeg', quality })
    return runStage(definition, stageStore(context), options, context)
  },
})
