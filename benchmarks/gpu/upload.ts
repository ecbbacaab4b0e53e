import type { Kernel } from '../../tasks/gpu/kernel.ts'
import { wrongRandom } from './common/pattern.ts'
import { randomF32 } from './common/random.ts'

/** From the host's memory to the device's by `writeBuffer`, 4 N bytes, by the host's clock. */
const upload: Kernel = {
  name: 'upload',
  needs: [],
  tunings: () => [{}],
  prepare: (size) => ({
    buffers: { there: { bytes: 4 * size, fill: randomF32(1) } },
    work: [{ kind: 'upload', to: 'there', bytes: 4 * size }],
    bytes: 4 * size,
    flop: 0,
    count: 1,
    check: async (read) => wrongRandom('there', 1, await read('there')),
  }),
}

export default upload
