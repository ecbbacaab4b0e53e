import type { Kernel } from '../../tasks/gpu/kernel.ts'
import { wrongCount } from './common/pattern.ts'
import { zeros } from './common/random.ts'

const wgsl = `
@group(0) @binding(0) var<storage, read_write> counter: array<u32>;
@compute @workgroup_size(1) fn main() { counter[0] += 1u; }
`

/** `size` dispatches in one pass, each of which needs what the one before it wrote; counted are the dispatches. */
const latencyDispatch: Kernel = {
  name: 'latency-dispatch',
  needs: [],
  tunings: () => [{}],
  prepare: (size) => ({
    buffers: { counter: { bytes: 4, fill: zeros } },
    work: [
      {
        kind: 'dispatch',
        wgsl,
        entry: 'main',
        bindings: [{ buffer: 'counter', access: 'write' }],
        groups: [1, 1, 1],
        repeat: size,
      },
    ],
    bytes: 0,
    flop: 0,
    count: size,
    check: async (read, operations) => wrongCount('counter', await read('counter'), size * operations),
  }),
}

export default latencyDispatch
