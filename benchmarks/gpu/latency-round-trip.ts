import type { Kernel } from '../../tasks/gpu/kernel.ts'
import { count } from './common/counter.ts'
import { wrongCount } from './common/pattern.ts'
import { zeros } from './common/random.ts'

/** One dispatch, waited for, and the 4 bytes it wrote read by the host, by the host's clock. */
const latencyRoundTrip: Kernel = {
  name: 'latency-round-trip',
  needs: [],
  tunings: () => [{}],
  prepare: () => ({
    buffers: { counter: { bytes: 4, fill: zeros } },
    work: [count(1), { kind: 'download', from: 'counter', bytes: 4 }],
    bytes: 0,
    flop: 0,
    count: 1,
    check: async (read, operations) => wrongCount('counter', await read('counter'), operations),
  }),
}

export default latencyRoundTrip
