import type { Kernel } from '../../tasks/gpu/kernel.ts'

/** An empty command buffer, submitted and waited for, by the host's clock. There is nothing that could come out wrong. */
const latencySubmit: Kernel = {
  name: 'latency-submit',
  needs: [],
  tunings: () => [{}],
  prepare: () => ({
    buffers: {},
    work: [{ kind: 'submit' }],
    bytes: 0,
    flop: 0,
    count: 1,
    check: async () => undefined,
  }),
}

export default latencySubmit
