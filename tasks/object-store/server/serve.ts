import { resolve } from 'node:path'
import { cannot, messageOf, Problem } from '../../../lib/index.ts'
import type { Faults } from '../faults.ts'
import { randomKeys } from '../random-keys.ts'
import { type EmbeddedStore, startEmbeddedStore } from './embedded-store.ts'

export interface ServeOptions {
  readonly dir: string
  readonly port: number
  readonly region: string
  /** Random when empty. */
  readonly accessKey: string
  readonly secretKey: string
  /** What goes wrong on purpose; nothing when absent. */
  readonly faults?: Faults | undefined
}

/** What a client needs to know, on one line of JSON. */
export interface Served {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly dir: string
}

/** Serves the embedded store until the signal, telling where it listens; then closes it. */
export async function serveUntil(
  signal: AbortSignal,
  options: ServeOptions,
  emit: (served: Served) => void,
): Promise<void> {
  const random = randomKeys()
  const dir = resolve(options.dir)
  const keys = {
    region: options.region,
    accessKeyId: options.accessKey || random.accessKeyId,
    secretAccessKey: options.secretKey || random.secretAccessKey,
  }
  const store = await start(dir, options.port, { ...keys, faults: options.faults })
  emit({ endpoint: store.endpoint.url, ...keys, dir })
  await new Promise<void>((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
  await store.close()
}

async function start(
  dir: string,
  port: number,
  keys: Omit<Parameters<typeof startEmbeddedStore>[0], 'folder' | 'port'>,
): Promise<EmbeddedStore> {
  const action = 'serve the object store'
  try {
    return await startEmbeddedStore({ folder: dir, port, ...keys })
  } catch (error) {
    if (error instanceof Problem) throw error
    const reason = messageOf(error)
    if (/EADDRINUSE|in use/i.test(reason)) throw cannot(action, 'port', 'free', port, 'Choose another, or 0 for any.')
    if (/locked/i.test(reason))
      throw cannot(action, 'dir', 'served by one process at a time', dir, 'Stop the other one, or name another folder.')
    throw cannot(action, 'dir', 'a folder that can be written', `${dir} (${reason})`)
  }
}
