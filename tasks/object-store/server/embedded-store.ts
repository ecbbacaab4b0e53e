import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Endpoint } from '../client.ts'
import { openAccessRecord } from './access-record.ts'
import { openCatalog } from './catalog.ts'
import { openContent } from './content.ts'
import { listen } from './listen.ts'
import { answer } from './route.ts'
import type { Credentials } from './signature.ts'
import { openUploads } from './uploads.ts'

export interface EmbeddedStoreOptions extends Credentials {
  /** Made if it isn't there; everything the store knows is in it. */
  readonly folder: string
  /** 0: any that is free. */
  readonly port: number
}

export interface EmbeddedStore {
  readonly endpoint: Endpoint
  close(): Promise<void>
}

/**
 * Serves S3 on loopback from files in a folder, for tests and development. What was stored is there again at the next start, also after kill -9;
 * rejects when the port is taken or another process serves the same folder.
 */
export async function startEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { folder, port, ...credentials } = options
  mkdirSync(folder, { recursive: true })
  const catalog = openCatalog(join(folder, 'catalog.sqlite'))
  const content = openContent(join(folder, 'content'))
  content.sweep(catalog.contentIds())
  const record = openAccessRecord(join(folder, 'requests.jsonl'))
  const store = { catalog, uploads: openUploads(catalog.db), content, record, credentials }
  const listener = await listen(port, (request) => answer(store, request))
  return {
    endpoint: { url: `http://127.0.0.1:${listener.port}`, ...credentials },
    async close() {
      await listener.close()
      await content.settled()
      record.close()
      catalog.close()
    },
  }
}
