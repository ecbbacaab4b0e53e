import { Problem } from '../../../lib/index.ts'
import { parseFaults } from '../faults.ts'
import { serveUntil } from './serve.ts'

/**
 * The store as a child of a run: options in the environment, so that no key shows in a process list, and one line of JSON on stdout when it listens.
 * It ends on SIGTERM and when its standard input does, which is when whoever started it is gone; Ctrl-C, which reaches the whole terminal, is theirs.
 */
const end = new AbortController()
process.on('SIGTERM', () => end.abort())
process.on('SIGINT', () => {})
process.stdin.on('end', () => end.abort()).on('error', () => end.abort())
process.stdin.resume()

const { env } = process
try {
  const options = {
    dir: env.STORE_DIR ?? '.assay/object-store',
    port: Number(env.STORE_PORT ?? 0),
    region: env.STORE_REGION || 'us-east-1',
    accessKey: env.STORE_ACCESS_KEY ?? '',
    secretKey: env.STORE_SECRET_KEY ?? '',
    faults: env.STORE_FAULTS ? parseFaults(env.STORE_FAULTS, 'STORE_FAULTS') : undefined,
  }
  await serveUntil(end.signal, options, (served) => void process.stdout.write(`${JSON.stringify(served)}\n`))
  process.exit(0)
} catch (error) {
  console.error(error instanceof Problem ? error.message : error)
  process.exit(2)
}
