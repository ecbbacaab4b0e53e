import type { Kernel } from '../../tasks/gpu/kernel.ts'
import { count } from './common/counter.ts'
import { wrongCount } from './common/pattern.ts'
import { zeros } from './common/random.ts'

/** `size` dispatches in one pass, each of which needs what the one before it wrote; counted are the dispatches. */
const latencyDispatch: Kernel = {
  name: 'latency-dispatch',
  needs: [],
  tunings: () => [{}],
  prepare: (size) => ({
    buffers: { counter: { bytes: 4, fill: zeros } },
    work: [count(size)],
    bytes: 0,
    flop: 0,
    count: size,
    check: async (read, operations) => wrongCount('counter', await read('counter'), size * operations),
  }),
}

export default latencyDispatch
