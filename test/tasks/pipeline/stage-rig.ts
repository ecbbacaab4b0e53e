import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Finding } from '../../../lib/plan/check.ts'
import { parseSizes } from '../../../tasks/images/sizes.ts'
import { type ObjectStore, objectStore } from '../../../tasks/object-store/service.ts'
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

export interface Rig {
  readonly store: ObjectStore
  stop(): Promise<void>
}

/** The object store that plans get where nothing else is said: embedded, with its account of what was put into it. */
export async function startRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-rig-'))
  const { signal } = new AbortController()
  const running = await objectStore({ buckets }).start({
    ...quietContext(signal),
    plan: 'black-box',
    run: 'rig',
    folder,
    keep: false,
    // No rustfs of this machine: its listings can't tell the order.
    env: { PATH: '', HOME: process.env.HOME },
    announce: () => {},
    secret: () => {},
  })
  await running.ready(signal)
  return {
    store: running.client,
    stop: async () => {
      await running.stop(3000)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

let runs = 0

/** The sample images under a prefix of their own, and how a stage is to be run over them. */
export async function ground(rig: Rig, stage: StageName): Promise<StageRun> {
  const store: StageStore = { ...rig.store, prefix: `run-${++runs}/` }
  const input = { bucket: stage === 'stage1' ? 'raw' : 'augmented', prefix: `${store.prefix}in/` }
  for (const [name, bytes] of await sampleImages()) await store.s3.put(input.bucket, input.prefix + name, bytes)
  const waits = { first: 30, quiet: 1, deadline: 60, grace: 1 }
  return { store, input, sizes: parseSizes('720p,480p,64x48'), pollInterval: 0.05, waits }
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
