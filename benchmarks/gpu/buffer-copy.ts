import type { Kernel } from '../../tasks/gpu/kernel.ts'
import { wrongRandom } from './common/pattern.ts'
import { randomF32 } from './common/random.ts'

/** `copyBufferToBuffer` within the device: read and written, so 2 × 4 N bytes (nvbandwidth's device-local copy; vkpeak counts half). */
const bufferCopy: Kernel = {
  name: 'buffer-copy',
  needs: [],
  tunings: () => [{}],
  prepare: (size) => ({
    buffers: { from: { bytes: 4 * size, fill: randomF32(1) }, to: { bytes: 4 * size } },
    work: [{ kind: 'copy', from: 'from', to: 'to', bytes: 4 * size }],
    bytes: 8 * size,
    flop: 0,
    count: 1,
    check: async (read) => wrongRandom('to', 1, await read('to')),
  }),
}

export default bufferCopy
