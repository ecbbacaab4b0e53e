import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { below, cannot } from '../../../lib/index.ts'
import type { Endpoint } from '../client.ts'
import type { Faults } from '../faults.ts'
import { openAccessRecord, type PutEvent } from './access-record.ts'
import { openCatalog } from './catalog.ts'
import { openContent } from './content.ts'
import type { Answer, S3Request } from './exchange.ts'
import { openFaults } from './faults.ts'
import { listen } from './listen.ts'
import { answer } from './route.ts'
import type { Credentials } from './signature.ts'
import { openUploads } from './uploads.ts'

export interface EmbeddedStoreOptions extends Credentials {
  /** Made if it isn't there; everything the store knows is in it. */
  readonly folder: string
  /** 0: any that is free. */
  readonly port: number
  /** What goes wrong on purpose; nothing when absent. */
  readonly faults?: Faults | undefined
}

export interface EmbeddedStore {
  readonly endpoint: Endpoint
  close(): Promise<void>
}

/** A folder's store without a listener. */
export interface OpenStore {
  answer(request: S3Request): Promise<Answer>
  close(): Promise<void>
}

/** Opens what is in the folder, whole as it was left, also by kill -9; throws when another process has it open. */
export function openStore(folder: string, credentials: Credentials): OpenStore {
  mkdirSync(folder, { recursive: true })
  const file = (name: string) => below(folder, [name], 'dir')
  const [catalogFile, contentFolder, recordFile] = [file('catalog.sqlite'), file('content'), file('requests.jsonl')]
  // Anybody may have a folder of that name, and ours is swept.
  if (!existsSync(catalogFile) && existsSync(contentFolder) && readdirSync(contentFolder).length > 0)
    throw cannot(
      'open the object store',
      'dir',
      'empty, or a store that was left there',
      folder,
      'Name another folder.',
    )
  const catalog = openCatalog(catalogFile)
  const content = openContent(contentFolder)
  content.sweep(catalog.contentIds())
  const record = openAccessRecord<PutEvent>(recordFile)
  const store = { catalog, uploads: openUploads(catalog.db), content, record, credentials }
  return {
    answer: (request) => answer(store, request),
    async close() {
      await content.close()
      record.close()
      catalog.close()
    },
  }
}

/** Serves S3 on loopback from files in a folder, for tests and development; rejects when the port is taken or the folder is in use. */
export async function startEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { folder, port, faults: wanted, ...credentials } = options
  const store = openStore(folder, credentials)
  const faults = wanted && openFaults(wanted, below(folder, ['faults.jsonl'], 'dir'))
  const close = async () => {
    await store.close()
    faults?.close()
  }
  try {
    const listener = await listen(port, store.answer, faults)
    return {
      endpoint: { url: `http://127.0.0.1:${listener.port}`, ...credentials },
      async close() {
        await listener.close()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
