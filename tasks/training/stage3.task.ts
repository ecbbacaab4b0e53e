import { defineTask } from '../../lib/index.ts'
import { stage3Options, variablesOf } from './stage3-options.ts'

export default defineTask({
  name: 'stage3',
  title: 'Stage 3 of the reference pipeline: train a network on labelled images',
  options: stage3Options,
  async run(options, context) {
    const { trainAlone } = await import('./train-alone.ts')
    return trainAlone(variablesOf(options), context)
  },
})
