import { connect } from '../../../tasks/object-store/connect.ts'
import type { Faults } from '../../../tasks/object-store/faults.ts'
import { startEmbeddedStore } from '../../../tasks/object-store/server/embedded-store.ts'
import { scratch } from './store-rig.ts'

/** The embedded store in this process, misbehaving as told, with a bucket and our client, which says what it repeats. */
export async function startFaulty(faults: Faults | undefined) {
  const folder = await scratch()
  const keys = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' }
  const store = await startEmbeddedStore({ folder: folder.path, port: 0, ...keys, faults })
  const repeated: string[] = []
  const s3 = connect(store.endpoint, { onRepeat: (action) => void repeated.push(action) })
  await s3.createBucket('bucket')
  return {
    s3,
    repeated,
    folder: folder.path,
    endpoint: store.endpoint,
    /** A client that asks once and believes whatever comes, for one bucket. By a name of its own: a kept connection of ours that is reset, Bun opens anew without a word. */
    naive: new Bun.S3Client({
      endpoint: store.endpoint.url.replace('127.0.0.1', 'localhost'),
      ...keys,
      bucket: 'bucket',
      retry: 0,
    }),
    async [Symbol.asyncDispose]() {
      await store.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
