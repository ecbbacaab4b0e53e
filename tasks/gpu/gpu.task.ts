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
    const { factsLines } = await import('./facts-lines.ts')
    // Dawn complains of each driver that it does not find, which is told here in a sentence; but who debugs the loader reads all.
    const said: string[] = []
    const log = context.env.VK_LOADER_DEBUG ? context.log : (line: string) => said.push(line)
    const open = openWorker({ adapter, unchecked: true }, { ...context, log })
    const found = await open.catch((error: unknown) => {
      for (const line of said) context.log(line)
      throw error
    })
    if (found.kind === 'none') throw new Problem(found.why ?? absence(adapter, found.all, context.env, { flag }))
    const { facts, toggles, worker } = found.gpu
    await worker.stop()
    for (const line of factsLines(facts, toggles)) context.log(line)
    for (const sentence of remarks(facts, toggles, found.all, flag)) context.log(sentence)
    return { ...facts, toggles, adapters: found.all }
  },
})
