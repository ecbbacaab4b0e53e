import { defineTask, integer, path, text } from '../../lib/index.ts'
import { faultsVariable, misbehaviour, parseFaults } from './faults.ts'

export default defineTask({
  name: 'object-store',
  title: 'Serve the embedded S3 store on loopback, for tests and development',
  options: {
    dir: path('.assay/object-store', 'the folder its data lives in'),
    port: integer(0, 'the port it listens on; 0 takes a free one', { max: 65535 }),
    region: text('us-east-1', 'the region requests must be signed for'),
    accessKey: text('', 'the access key id; random when empty', { secret: true }),
    secretKey: text('', 'the secret access key; random when empty', { secret: true }),
    faults: text('', 'what goes wrong on purpose, as rate=0.1,kinds=reset+slow,seed=7', { env: faultsVariable }),
  },
  async run({ faults: told, ...options }, { signal, emit, log }) {
    const { serveUntil } = await import('./server/serve.ts')
    const faults = told === '' ? undefined : parseFaults(told, 'faults')
    if (faults) log(misbehaviour(faults))
    await serveUntil(signal, { ...options, faults }, emit)
  },
})
