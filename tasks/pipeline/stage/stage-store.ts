import { cannot, type TaskContext } from '../../../lib/index.ts'
import type { S3 } from '../../object-store/client.ts'
import { connect } from '../../object-store/connect.ts'
import { endpointFromEnv } from '../../object-store/endpoint.ts'
import { lingering } from '../../object-store/retry.ts'
import { briefly } from '../../object-store/trouble.ts'
import { stageLog } from './log.ts'

/** Milliseconds that images in work may go on after the stage was told to stop, should the store not answer. */
const lastCalls = 5000

/** The store that a stage's variables name; each request that had to be repeated is a line of its log. */
export function stageStore({ env, signal, log }: Pick<TaskContext, 'env' | 'signal' | 'log'>): S3 {
  const say = stageLog(log)
  return connect(endpointFromEnv(env), {
    signal: lingering(signal, lastCalls),
    onRepeat: (request, error) => say({ event: 'repeated', request, reason: briefly(error) }),
  })
}

/** Throws a Problem that names the first bucket that isn't there. */
export async function refuseMissingBuckets(action: string, s3: S3, names: readonly string[]): Promise<void> {
  const buckets = [...new Set(names)]
  const there = await Promise.all(buckets.map((bucket) => s3.hasBucket(bucket)))
  const missing = buckets.find((_, at) => !there[at])
  if (missing === undefined) return
  throw cannot(action, 'bucket', `there at ${s3.endpoint.url}`, missing, 'Create it first.')
}
