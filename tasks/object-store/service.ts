import { messageOf, Problem, type RunningService, type Service, type ServiceContext } from '../../lib/index.ts'
import type { S3 } from './client.ts'
import { connect } from './connect.ts'
import { endpointFromEnv, endpointVariables } from './endpoint.ts'
import { startEmbedded, startRustfs } from './local-store.ts'
import { type Claim, claimPrefixes, removeBelow } from './own-prefix.ts'
import { putEvents } from './put-events.ts'
import { bucketName, bucketVariable, type Role } from './roles.ts'
import type { PutEvent } from './server/access-record.ts'

/** What a step is given for an object store: the same whichever one it is. */
export interface ObjectStore {
  readonly kind: 'embedded' | 'rustfs' | 'endpoint'
  readonly s3: S3
  /** The name of the bucket that plays this role. */
  bucket(role: Role): string
  /** What every key that this run writes begins with: `assay/<plan>/<run>/`. */
  readonly prefix: string
  /** What a stage's process needs to know of the store: endpoint, keys and buckets. */
  readonly environment: Readonly<Record<string, string>>
  /** When each put came in and became visible: the embedded store's own record. */
  readonly putEvents?: () => Promise<readonly PutEvent[]>
}

export interface ObjectStoreOptions {
  /** What each bucket is for. */
  readonly buckets: readonly Role[]
  /** What the run writes that cannot lie under its own prefix, since somebody else's contract says where it lies. */
  readonly beside?: (prefix: string) => readonly string[]
  /** About how much the plan writes, said before it does where the buckets are somebody's. */
  readonly about?: Claim['about']
}

/**
 * The object store that a plan's steps use: the one `S3_ENDPOINT` names, else `rustfs` where it is on PATH, else the embedded store;
 * the last two on loopback, with random keys, in a process that ends with us and data in the run's folder.
 */
export function objectStore(options: ObjectStoreOptions): Service<ObjectStore> {
  const { buckets, beside = () => [], about = async () => undefined } = options
  return {
    name: 'object store',
    start: async (context) => {
      const prefix = ownPrefix(context)
      if (context.env.S3_ENDPOINT)
        return startEndpoint(context, { roles: buckets, prefixes: [prefix, ...beside(prefix)], about })
      const rustfs = Bun.which('rustfs', { PATH: context.env.PATH ?? '' })
      return startLocal(context, buckets, rustfs)
    },
  }
}

/** A wrong address must be told in seconds, not after a client's many retries. */
const probeDeadline = 5000

async function startEndpoint(context: ServiceContext, wanted: Claim): Promise<RunningService<ObjectStore>> {
  const endpoint = endpointFromEnv(context.env)
  const { roles, prefixes } = wanted
  const { signal } = context
  await claimPrefixes(connect(endpoint, { deadline: probeDeadline, patience: probeDeadline, signal }), wanted, context)
  const client = storeClient('endpoint', connect(endpoint), context, roles)
  return {
    client,
    detail: new URL(endpoint.url).host,
    ready: async () => {},
    stop: async () => {},
    discard: () => removeBelow(client.s3, prefixes, roles.map(client.bucket)),
  }
}

async function startLocal(
  context: ServiceContext,
  roles: readonly Role[],
  rustfs: string | null,
): Promise<RunningService<ObjectStore>> {
  const local = rustfs === null ? await startEmbedded(context) : await startRustfs(rustfs, context)
  const kind = rustfs === null ? 'embedded' : 'rustfs'
  const s3 = connect(local.endpoint)
  const plain = storeClient(kind, s3, context, roles)
  const client = kind === 'embedded' ? { ...plain, putEvents: () => putEvents(local.folder) } : plain
  return {
    client,
    detail: `${kind}, ${new URL(local.endpoint.url).host}`,
    async ready(signal) {
      await local.ready(signal)
      try {
        for (const role of roles) await s3.createBucket(client.bucket(role))
      } catch (error) {
        throw new Problem(`Cannot create the buckets of the ${kind} object store: ${messageOf(error)}`)
      }
    },
    stop: local.stop,
  }
}

function storeClient(kind: ObjectStore['kind'], s3: S3, context: ServiceContext, roles: readonly Role[]): ObjectStore {
  const bucket = (role: Role) => bucketName(role, context.env)
  const prefix = ownPrefix(context)
  return {
    kind,
    s3,
    prefix,
    bucket,
    environment: {
      ...endpointVariables(s3.endpoint),
      ...Object.fromEntries(roles.map((role) => [bucketVariable(role), bucket(role)])),
    },
  }
}

function ownPrefix({ plan, run }: ServiceContext): string {
  return `assay/${plan}/${run}/`
}
