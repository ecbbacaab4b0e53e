// Serves the embedded store alone and says in one JSON line where; ends when the process that started it does.
import { randomBytes } from 'node:crypto'
import { startEmbeddedStore } from '../../tasks/object-store/server/embedded-store.ts'

const [folder = ''] = process.argv.slice(2)
const store = await startEmbeddedStore({
  folder,
  port: 0,
  region: 'us-east-1',
  accessKeyId: randomBytes(10).toString('hex'),
  secretAccessKey: randomBytes(20).toString('hex'),
})
const { url: endpoint, ...keys } = store.endpoint
console.log(JSON.stringify({ endpoint, ...keys }))

const stop = () => store.close().then(() => process.exit(0))
process.once('SIGTERM', stop)
process.stdin.once('end', stop).resume()
