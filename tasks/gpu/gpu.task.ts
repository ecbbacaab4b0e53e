import { defineTask, Problem } from '../../lib/index.ts'
import { adapterParam } from './params.ts'

const flag = '--adapter '

export default defineTask({
  name: 'gpu',
  title: 'Say what a GPU is and can: driver, limits, features, and whether toggles take effect',
  options: { adapter: adapterParam() },
  async run({ adapter }, context) {
    const { openWorker } = await import('./worker/open-worker.ts')
    const { absence } = await import('./worker/hints.ts')
    const { remarks } = await import('./service.ts')
    const found = await openWorker({ adapter, unchecked: true }, context)
    if (found.kind === 'none') throw new Problem(found.why ?? absence(adapter, found.all, context.env, { flag }))
    const { facts, toggles, worker } = found.gpu
    await worker.stop()
    for (const sentence of remarks(facts, toggles, found.all, flag)) context.log(sentence)
    return { ...facts, toggles, adapters: found.all }
  },
})
