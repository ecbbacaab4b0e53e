import { join } from 'node:path'
import sharp from 'sharp'
import type { Finding } from '../../../lib/plan/check.ts'
import { parseSizes } from '../../../tasks/images/sizes.ts'
import type { Endpoint } from '../../../tasks/object-store/client.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import {
  runStage,
  runStageAgain,
  runStageWithoutSpace,
  type StageName,
  type StageRun,
  type StageStore,
} from '../../../tasks/pipeline/black-box.ts'
import { judgeSecondPass, judgeStage } from '../../../tasks/pipeline/judge.ts'
import { judgeRefusal, judgeStaging } from '../../../tasks/pipeline/judge-staging.ts'

const fixtures = join(import.meta.dir, '..', '..', 'fixtures', 'stages')

export const buckets = ['raw', 'augmented', 'normalized', 'manifests'] as const

/** The command of a fixture stage, with the one thing that is peculiar about it. */
export function fixture(stage: StageName, quirk = 'none'): string {
  return `'${process.execPath}' '${join(fixtures, 'stage.ts')}' ${stage} ${quirk}`
}

export function pythonStage(): string {
  return `python3 '${join(fixtures, 'stage.py')}'`
}

let images: Promise<readonly (readonly [string, Uint8Array])[]> | undefined

/** Three images, one of them smaller than every preset, one to be turned by its EXIF orientation. */
function sampleImages() {
  const draw = (width: number, height: number, background: string) =>
    sharp({ create: { width, height, channels: 3, background } })
  images ??= Promise.all([
    draw(1400, 1000, 'teal')
      .jpeg()
      .toBuffer()
      .then((bytes) => ['a.jpg', bytes] as const),
    draw(300, 200, 'tomato')
      .png()
      .toBuffer()
      .then((bytes) => ['sub dir/b.png', bytes] as const),
    draw(900, 600, 'gold')
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
      .then((bytes) => ['sub dir/ö.jpg', bytes] as const),
  ])
  return images
}

let runs = 0

/** A store with the sample images under a prefix of its own, and how a stage is to be run there. */
export async function ground(endpoint: Endpoint, stage: StageName, extra: Partial<StageStore> = {}) {
  const s3 = connect(endpoint)
  const prefix = `run-${++runs}/`
  const store: StageStore = { s3, bucket: (role) => role, prefix, ...extra }
  const input = { bucket: stage === 'stage1' ? 'raw' : 'augmented', prefix: `${prefix}in/` }
  for (const bucket of buckets) await s3.createBucket(bucket)
  for (const [name, bytes] of await sampleImages()) await s3.put(input.bucket, input.prefix + name, bytes)
  const sizes = parseSizes('720p,480p,64x48')
  const waits = { first: 20, quiet: 1, deadline: 40, grace: 2 }
  const run: StageRun = { store, input, sizes, pollInterval: 0.05, waits }
  return run
}

export function quietContext(signal = new AbortController().signal) {
  return { signal, log: () => {}, progress: () => {} }
}

/** Everything both plans judge of a stage. */
export async function judgeAll(stage: StageName, run: StageRun): Promise<Finding[]> {
  const context = quietContext()
  const report = await runStage(stage, { ...run, mode: 'poll', late: 'late.jpg' }, context)
  const again = await runStageAgain(report, run, context)
  const refusal = await runStageWithoutSpace(report, run, context)
  return [...judgeStage(report), judgeSecondPass(again), ...judgeStaging(report), judgeRefusal(refusal)]
}
