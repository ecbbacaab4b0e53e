import { openStore } from '../../../tasks/object-store/server/embedded-store.ts'
import { listen } from '../../../tasks/object-store/server/listen.ts'

/**
 * Stands for `rustfs server --address HOST:PORT DIR` where there is none: takes its flags and variables, is ready at /health/ready when
 * asked for the third time, and is our own store for everything else.
 */
const [command, flag, address = '', folder = ''] = process.argv.slice(2)
const { RUSTFS_ACCESS_KEY: accessKeyId, RUSTFS_SECRET_KEY: secretAccessKey } = process.env
if (command !== 'server' || flag !== '--address' || !accessKeyId || !secretAccessKey) process.exit(64)

const store = openStore(folder, { region: 'us-east-1', accessKeyId, secretAccessKey })
let asked = 0
await listen(Number(address.split(':')[1]), async (request) => {
  if (request.path !== '/health/ready') return store.answer(request)
  asked++
  return { status: asked > 2 ? 200 : 503 }
})
