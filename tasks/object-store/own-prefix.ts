import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cannot, type ServiceContext } from '../../lib/index.ts'
import type { S3 } from './client.ts'
import { isLoopback } from './endpoint.ts'
import { bucketName, bucketVariable, type Role } from './roles.ts'

/** What a run will write, and where. */
export interface Claim {
  readonly roles: readonly Role[]
  /** Everything the run writes begins with one of these. */
  readonly prefixes: readonly string[]
  /** About how much, for the person whose buckets they are. */
  readonly about: () => Promise<{ readonly objects: number; readonly bytes: number } | undefined>
}

/**
 * Makes sure that writing below the prefixes harms nobody: says what will be written before anything is, creates buckets only where that is
 * allowed (a loopback endpoint, or ASSAY_CREATE_BUCKETS), and refuses a prefix that holds anything this very run did not put there.
 */
export async function claimPrefixes(s3: S3, wanted: Claim, context: ServiceContext): Promise<void> {
  const { env, folder, announce, run } = context
  const { roles, prefixes } = wanted
  for (const prefix of prefixes)
    if (!prefix.includes(run))
      throw cannot(`write to ${s3.endpoint.url}`, 'prefix', "one with the run's id in it", prefix)
  const { url } = s3.endpoint
  const buckets = [...new Set(roles.map((role) => bucketName(role, env)))]
  const missing: string[] = []
  for (const bucket of buckets) if (!(await isThere(s3, bucket, prefixes, context))) missing.push(bucket)

  const loopback = isLoopback(url)
  const allowed = loopback || ['yes', 'true', '1'].includes(env.ASSAY_CREATE_BUCKETS ?? '')
  const role = roles.find((one) => bucketName(one, env) === missing[0])
  if (missing[0] !== undefined && role !== undefined && !allowed) {
    const next = `Name one in ${bucketVariable(role)}, create it, or let Assay do so with --create-buckets (ASSAY_CREATE_BUCKETS=yes).`
    throw cannot(`write to ${url}`, bucketVariable(role), 'a bucket that exists', missing[0], next)
  }
  if (!loopback) {
    const creating = missing.length === 0 ? '' : ` (${missing.join(', ')} to be created)`
    const amount = await wanted.about()
    const much = amount && `about ${amount.objects} objects, ${Math.ceil(amount.bytes / 1e6)} MB, `
    announce(
      `Writes ${much ?? ''}to ${url}, buckets ${buckets.join(', ')}${creating}, only below ${prefixes.join(', ')}`,
    )
  }
  for (const bucket of missing) await s3.createBucket(bucket)
  // From here on what is below the prefixes is this run's, also when it is resumed.
  mkdirSync(folder, { recursive: true })
  writeFileSync(claimFile(folder), claim(s3, prefixes))
}

async function isThere(
  s3: S3,
  bucket: string,
  prefixes: readonly string[],
  { folder }: ServiceContext,
): Promise<boolean> {
  if (!(await s3.hasBucket(bucket))) return false
  for (const prefix of prefixes) {
    const [found] = await s3.list(bucket, prefix)
    if (found && !isClaimed(s3, prefixes, folder)) {
      const next = 'It holds something that this run did not write: remove it, or start a run of another name.'
      throw cannot(`write to ${s3.endpoint.url}`, `${bucket}/${prefix}`, 'empty', found.key, next)
    }
  }
  return true
}

/** Removes every object below the prefixes: they were empty when this run claimed them. */
export async function removeBelow(s3: S3, prefixes: readonly string[], buckets: readonly string[]): Promise<void> {
  for (const prefix of prefixes)
    if (!/^[^/]+\/[^/]/.test(prefix))
      throw cannot('remove what a run wrote', 'prefix', 'at least two names deep', prefix)
  for (const bucket of new Set(buckets))
    for (const prefix of prefixes) {
      const written = await s3.list(bucket, prefix)
      await s3.remove(
        bucket,
        written.map(({ key }) => key),
      )
    }
}

function isClaimed(s3: S3, prefixes: readonly string[], folder: string): boolean {
  const file = claimFile(folder)
  return existsSync(file) && readFileSync(file, 'utf8') === claim(s3, prefixes)
}

function claim({ endpoint }: S3, prefixes: readonly string[]): string {
  return `${JSON.stringify({ url: endpoint.url, prefixes })}\n`
}

function claimFile(folder: string): string {
  return join(folder, 'claim.json')
}
