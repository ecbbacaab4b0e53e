import type { Kernel } from '../../tasks/gpu/kernel.ts'
import { wrongRandom } from './common/pattern.ts'
import { randomF32 } from './common/random.ts'

/** From the device's memory into mapped memory of the host and out of it, 4 N bytes (counted once), by the host's clock. */
const download: Kernel = {
  name: 'download',
  needs: [],
  tunings: () => [{}],
  prepare: (size) => ({
    buffers: { there: { bytes: 4 * size, fill: randomF32(1) } },
    work: [{ kind: 'download', from: 'there', bytes: 4 * size }],
    bytes: 4 * size,
    flop: 0,
    count: 1,
    check: async (read) => wrongRandom('here', 1, await read('there')),
  }),
}

export default download
