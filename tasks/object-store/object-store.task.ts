import { defineTask, integer, text } from '../../lib/index.ts'

export default defineTask({
  name: 'object-store',
  title: 'Serve the embedded S3 store on loopback, for tests and development',
  options: {
    dir: text('.assay/object-store', 'the folder its data lives in'),
    port: integer(0, 'the port it listens on; 0 takes a free one', { max: 65535 }),
    region: text('us-east-1', 'the region requests must be signed for'),
    accessKey: text('', 'the access key id; random when empty', { secret: true }),
    secretKey: text('', 'the secret access key; random when empty', { secret: true }),
  },
  async run({ dir, port, region, accessKey, secretKey }, { signal, emit }) {
    const { serveUntil } = await import('./server/serve.ts')
    await serveUntil(signal, { dir, port, region, accessKey, secretKey }, emit)
  },
})
