import { defineTask } from '../../lib/index.ts'
import { stage2Options } from './stage-options.ts'

export default defineTask({
  name: 'stage2',
  title: 'Stage 2 of the reference pipeline: normalize images into every size',
  options: stage2Options,
  async run(options, context) {
    const { connect } = await import('../object-store/connect.ts')
    const { endpointFromEnv } = await import('../object-store/endpoint.ts')
    const { normalizeStage } = await import('./stage/normalize-stage.ts')
    const { runStage } = await import('./stage/run-stage.ts')
    const { sizes, fit, background, quality } = options
    const definition = normalizeStage({ sizes, fit, background, format: 'jpeg', quality })
    return runStage(definition, connect(endpointFromEnv(context.env)), options, context)
  },
})
