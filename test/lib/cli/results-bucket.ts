import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStore } from '../../tasks/object-store/store-rig.ts'

/** A store with the bucket `results`. */
export async function resultsBucket() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-results-'))
  const store = await startStore(folder)
  const { s3 } = store
  await s3.createBucket('results')
  const { url, accessKeyId, secretAccessKey } = s3.endpoint
  return {
    endpoint: s3.endpoint,
    /** What names it to a command. */
    env: {
      ...{ RESULTS_BUCKET: 'results', RESULTS_ENDPOINT: url },
      ...{ RESULTS_ACCESS_KEY_ID: accessKeyId, RESULTS_SECRET_ACCESS_KEY: secretAccessKey },
    },
    /** The texts of what lies below a prefix, by the rest of their keys. */
    async stored(prefix: string): Promise<Readonly<Record<string, string>>> {
      const objects = await s3.list('results', prefix)
      const texts = objects.map(async ({ key }) => [
        key.slice(prefix.length),
        Buffer.from(await s3.get('results', key)).toString(),
      ])
      return Object.fromEntries(await Promise.all(texts))
    },
    async end(): Promise<void> {
      await store[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type ResultsBucket = Awaited<ReturnType<typeof resultsBucket>>
