import { serveUntil } from './serve.ts'

/**
 * The store as a child of a run: options in the environment, so that no key shows in a process list, and one line of JSON on stdout when it listens.
 * It ends on SIGTERM, SIGINT, and when its standard input does, which is when whoever started it is gone.
 */
const end = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => end.abort())
process.stdin.on('end', () => end.abort()).on('error', () => end.abort())
process.stdin.resume()

const { env } = process
await serveUntil(
  end.signal,
  {
    dir: env.STORE_DIR ?? '.assay/object-store',
    port: Number(env.STORE_PORT ?? 0),
    region: env.STORE_REGION || 'us-east-1',
    accessKey: env.STORE_ACCESS_KEY ?? '',
    secretKey: env.STORE_SECRET_KEY ?? '',
  },
  (served) => void process.stdout.write(`${JSON.stringify(served)}\n`),
)
process.exit(0)
