import { type Checkup, messageOf } from '../../lib/index.ts'
import { labelOf } from './service.ts'
import { help } from './worker/hints.ts'
import { openWorker } from './worker/open-worker.ts'

const what = 'WebGPU'

/** Of a driver that hangs nobody should have to wait for the end. */
const patience = 10_000

/** The card that the GPU plans would use. */
const checkup: Checkup = {
  async look(env) {
    const context = { env, signal: AbortSignal.timeout(patience), log() {} }
    try {
      const opened = await openWorker({ adapter: 'hardware', unchecked: false }, context)
      if (opened.kind === 'none') return [{ what, found: 'no adapter', note: opened.why ?? help('hardware', env) }]
      const { facts, worker } = opened.gpu
      await worker.stop()
      return [{ what, found: labelOf(facts), note: `${facts.driver}, ${facts.backend}; the gpu- plans use it` }]
    } catch (error) {
      return [{ what, found: 'no adapter', note: messageOf(error) }]
    }
  },
}

export default checkup
