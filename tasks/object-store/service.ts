import { cannot, messageOf, Problem, type RunningService, type Service, type ServiceContext } from '../../lib/index.ts'
import type { S3 } from './client.ts'
import { connect, sdk } from './connect.ts'
import { endpointFromEnv, endpointVariables } from './endpoint.ts'
import { type Faults, faultsVariable, misbehaviour, parseFaults } from './faults.ts'
import { startEmbedded, startRustfs } from './local-store.ts'
import { type Claim, claimPrefixes, removeBelow } from './own-prefix.ts'
import { faultCounts, putEvents } from './put-events.ts'
import { type Repeats, repeatsOf } from './repeats.ts'
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
  /** A stage had to repeat so many requests; told with those of the plan's own when the store stops. */
  repeated(requests: number): void
}

export interface ObjectStoreOptions {
  /** What each bucket is for. */
  readonly buckets: readonly Role[]
  /** What the run writes that cannot lie under its own prefix, since somebody else's contract says where it lies. */
  readonly beside?: (prefix: string) => readonly string[]
  /** About how much the plan writes, said before it does where the buckets are somebody's. */
  readonly about?: Claim['about']
  /** What the embedded store does wrong on purpose; `ASSAY_FAULTS` wins over it. */
  readonly faults?: Faults
}

/**
 * The object store that a plan's steps use: the one `S3_ENDPOINT` names, else `rustfs` where it is on PATH, else the embedded store;
 * the last two on loopback, with random keys, in a process that ends with us and data in the run's folder.
 */
export function objectStore(options: ObjectStoreOptions): Service<ObjectStore> {
  const { buckets, beside = () => [], about = async () => undefined } = options
  return {
    name: 'object store',
    precondition: (env) => void faultsOf(env, options),
    start: async (context) => {
      const prefix = ownPrefix(context)
      const faults = faultsOf(context.env, options)
      if (faults !== undefined) context.announce(misbehaviour(faults))
      if (context.env.S3_ENDPOINT)
        return startEndpoint(context, { roles: buckets, prefixes: [prefix, ...beside(prefix)], about })
      // Only our own can be told to misbehave.
      const rustfs = faults ? null : Bun.which('rustfs', { PATH: context.env.PATH ?? '' })
      return startLocal(context, buckets, rustfs, faults)
    },
  }
}

function faultsOf(env: ServiceContext['env'], options: ObjectStoreOptions): Faults | undefined {
  const told = env[faultsVariable]
  const faults = told ? parseFaults(told, faultsVariable) : options.faults
  if (faults !== undefined && env.S3_ENDPOINT) {
    const next = `Unset it, or ${faultsVariable}.`
    throw cannot(
      'make the object store misbehave',
      'S3_ENDPOINT',
      'unset, as only the embedded store does',
      env.S3_ENDPOINT,
      next,
    )
  }
  return faults
}

/** A wrong address must be told in seconds, not after a client's many retries. */
const probeDeadline = 5000

async function startEndpoint(context: ServiceContext, wanted: Claim): Promise<RunningService<ObjectStore>> {
  const endpoint = endpointFromEnv(context.env)
  const { roles, prefixes } = wanted
  const { signal } = context
  await claimPrefixes(connect(endpoint, { deadline: probeDeadline, patience: probeDeadline, signal }), wanted, context)
  const repeats = repeatsOf(context)
  const client = storeClient(
    'endpoint',
    connect(endpoint, { signal, onRepeat: repeats.heard }),
    context,
    roles,
    repeats,
  )
  return {
    client,
    detail: new URL(endpoint.url).host,
    ready: async () => {},
    stop: async () => repeats.tell(),
    retries: repeats.total,
    discard: () => removeBelow(client.s3, prefixes, roles.map(client.bucket)),
  }
}

async function startLocal(
  context: ServiceContext,
  roles: readonly Role[],
  rustfs: string | null,
  faults: Faults | undefined,
): Promise<RunningService<ObjectStore>> {
  // For the buckets, as soon as the server is up; whether it can be loaded is theirs to say.
  sdk().catch(() => {})
  const local = rustfs === null ? await startEmbedded(context, faults) : await startRustfs(rustfs, context)
  const kind = rustfs === null ? 'embedded' : 'rustfs'
  const repeats = repeatsOf(context)
  const s3 = connect(local.endpoint, { signal: context.signal, onRepeat: repeats.heard })
  const plain = storeClient(kind, s3, context, roles, repeats)
  const client = kind === 'embedded' ? { ...plain, putEvents: () => putEvents(local.folder) } : plain
  return {
    client,
    detail: `${kind}${faults ? ', misbehaving' : ''}, ${new URL(local.endpoint.url).host}`,
    async ready(signal) {
      await local.ready(signal)
      try {
        await Promise.all(roles.map((role) => s3.createBucket(client.bucket(role))))
      } catch (error) {
        throw new Problem(`Cannot create the buckets of the ${kind} object store: ${messageOf(error)}`)
      }
    },
    async stop(within) {
      const how = await local.stop(within)
      if (faults) context.announce(misbehaved(await faultCounts(local.folder)))
      repeats.tell()
      return how
    },
    retries: repeats.total,
  }
}

function misbehaved(counts: Awaited<ReturnType<typeof faultCounts>>): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const each = [...counts].map(([kind, count]) => `${kind} ${count}`).sort()
  return `The embedded object store misbehaved ${total} times${total === 0 ? '' : `: ${each.join(', ')}`}`
}

function storeClient(
  kind: ObjectStore['kind'],
  s3: S3,
  context: ServiceContext,
  roles: readonly Role[],
  repeats: Repeats,
): ObjectStore {
  const bucket = (role: Role) => bucketName(role, context.env)
  const prefix = ownPrefix(context)
  return {
    kind,
    s3,
    prefix,
    bucket,
    repeated: repeats.add,
    environment: {
      ...endpointVariables(s3.endpoint),
      ...Object.fromEntries(roles.map((role) => [bucketVariable(role), bucket(role)])),
    },
  }
}

function ownPrefix({ plan, run }: ServiceContext): string {
  return `assay/${plan}/${run}/`
}
