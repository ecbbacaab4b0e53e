// Stage 2 end to end (staging, hashes, local disk, upload, marks, manifest) against normalize() alone: bun benchmarks/stage2.ts [pairs]
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { normalize, type Policy } from '../tasks/images/normalize.ts'
import { parseSizes } from '../tasks/images/sizes.ts'
import type { S3 } from '../tasks/object-store/client.ts'
import { connect } from '../tasks/object-store/connect.ts'
import { startEmbedded } from '../tasks/object-store/local-store.ts'
import { forEachBounded } from '../tasks/pipeline/stage/bounded.ts'
import { normalizeStage } from '../tasks/pipeline/stage/normalize-stage.ts'
import { runStage } from '../tasks/pipeline/stage/run-stage.ts'
import { type PhotoSet, photoSets } from './photos.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

const pairs = Number(process.argv[2] ?? 20)
const images = 60
const drawn = 6
const target = 0.8
const text = '1080p,720p,480p'
const policy: Policy = {
  sizes: parseSizes(text),
  fit: 'contain',
  background: '#ffffff',
  format: 'jpeg',
  quality: 85,
}
const context = { signal: new AbortController().signal, log: () => {} }

const folder = await mkdtemp(join(tmpdir(), 'assay-benchmark-'))
const store = await startEmbedded(
  {
    ...context,
    plan: 'benchmark',
    run: 'benchmark',
    folder,
    keep: false,
    env: process.env,
    progress: () => {},
    announce: () => {},
    secret: () => {},
  },
  undefined,
)
try {
  await store.ready(context.signal)
  const s3 = connect(store.endpoint)
  for (const bucket of ['raw', 'normalized', 'manifests']) await s3.createBucket(bucket)
  const rows: string[][] = []
  for (const set of await photoSets(drawn)) rows.push(await compare(s3, set))
  printTable(
    ['12 MP JPEGs of', 'to', 'end to end, images/s', 'normalize() alone, images/s', 'ratio', 'target', ''],
    rows,
  )
} finally {
  await store.stop(3000)
  await rm(folder, { recursive: true, force: true })
}

async function compare(s3: S3, { size, photos }: PhotoSet): Promise<string[]> {
  const name = size.replace(' ', '-')
  const paths = await putPhotos(s3, name, photos)
  await alone(paths)
  await endToEnd(s3, name, 'warm-up')
  const times = { alone: [] as number[], endToEnd: [] as number[] }
  for (let pair = 0; pair < pairs; pair++) {
    const first = () => alone(paths).then((seconds) => times.alone.push(seconds))
    const second = () => endToEnd(s3, name, `pair-${pair}`).then((seconds) => times.endToEnd.push(seconds))
    // Each goes first as often as the other, so that neither always has the warmer machine.
    for (const run of pair % 2 === 0 ? [first, second] : [second, first]) await run()
  }
  const ratio = pairedRatio(times.alone, times.endToEnd)
  const rate = (seconds: readonly number[]) => (images / median(seconds)).toFixed(1)
  return [size, text, rate(times.endToEnd), rate(times.alone), showRatio(ratio), `≥ ${target}`, judge(ratio, target)]
}

/** Under `name/`, and as files. */
function putPhotos(s3: S3, name: string, photos: readonly Uint8Array[]): Promise<readonly string[]> {
  const repeated = Array.from({ length: images / drawn }, () => photos).flat()
  return Promise.all(
    repeated.map(async (photo, at) => {
      const path = join(folder, name, `${at}.jpg`)
      await Bun.write(path, photo)
      await s3.put('raw', `${name}/${at}.jpg`, photo)
      return path
    }),
  )
}

function alone(paths: readonly string[]): Promise<number> {
  return timed(() =>
    forEachBounded(paths, availableParallelism(), async (path) => {
      await normalize(path, policy)
    }),
  )
}

function endToEnd(s3: S3, name: string, pair: string): Promise<number> {
  return timed(async () => {
    const options = {
      inputBucket: 'raw',
      inputPrefix: `${name}/`,
      outputBucket: 'normalized',
      outputPrefix: 'out/',
      manifestBucket: 'manifests',
      dataset: `${name}-${pair}`,
      mode: 'once',
      pollInterval: 1,
      nvmeRoot: join(folder, 'nvme'),
      nvmeMinGb: 0.5,
    } as const
    const { images: done } = await runStage(normalizeStage(policy), s3, options, context)
    if (done !== images) throw new Error(`the stage did ${done} of ${images} images`)
  })
}

/** Seconds. */
async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
