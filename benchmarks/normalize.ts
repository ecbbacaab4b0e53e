// normalize() against the programs a team would use instead, on 12 MP JPEGs: bun benchmarks/normalize.ts [pairs]
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { normalize, type Policy } from '../tasks/images/normalize.ts'
import { pixelLimit } from '../tasks/images/read.ts'
import { parseSizes, type Size } from '../tasks/images/sizes.ts'
import { photoSets } from './photos.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

const pairs = Number(process.argv[2] ?? 20)
const images = 24
const drawn = 6
const cores = availableParallelism()
// Images under way at once, on both sides of sharp: a decode leaves its core for moments that another fills.
const together = 2 * cores
const quality = 85
const background = '#ffffff'

interface Photo {
  readonly bytes: Uint8Array
  readonly path: string
}

interface Comparison {
  readonly source: string
  readonly what: string
  readonly peer: string
  /** Undefined: recorded only. */
  readonly target: number | undefined
  ours(): Promise<void>
  theirs(): Promise<void>
}

const folder = await mkdtemp(join(tmpdir(), 'assay-benchmark-'))
try {
  await mkdir(join(folder, 'thumbnails'))
  const thumbnailer = Bun.which('vipsthumbnail')
  const rows: Comparison[] = []
  for (const { size: source, photos: different } of await photoSets(drawn)) {
    const photos = await onDisk(source, different)
    for (const size of ['480p', '1080p'])
      rows.push(againstSharp({ source, photos, what: size }, 'a bare sharp loop', 0.95))
    const five = '1080p,720p,480p,800x600,320x240'
    rows.push(againstSharp({ source, photos, what: five }, 'five sharp pipelines', 1.5))
    if (thumbnailer)
      for (const size of ['480p', '1080p']) {
        const work = { source, photos, what: size }
        rows.push(againstVipsthumbnail(work, thumbnailer, 1), againstVipsthumbnail(work, thumbnailer, cores))
      }
  }
  const results: string[][] = []
  for (const row of rows) results.push(await measure(row))
  printTable(['12 MP JPEGs of', 'to', 'images/s', 'peer', 'images/s', 'ratio', 'target', ''], results)
  if (!thumbnailer) console.log('vipsthumbnail: skipped (it is not on PATH; Debian has it in libvips-tools)')
} finally {
  await rm(folder, { recursive: true })
}

/** As many files as are measured, the photos repeated. */
function onDisk(name: string, different: readonly Uint8Array[]): Promise<readonly Photo[]> {
  const repeated = Array.from({ length: images / drawn }, () => different).flat()
  return Promise.all(
    repeated.map(async (bytes, index) => {
      const path = join(folder, `${name} ${index}.jpg`)
      await Bun.write(path, bytes)
      return { bytes, path }
    }),
  )
}

/** Which photos, made into what. */
interface Work {
  readonly source: string
  readonly photos: readonly Photo[]
  readonly what: string
}

function policyOf(sizes: readonly Size[]): Policy {
  return { sizes, fit: 'contain', background, format: 'jpeg', quality }
}

function againstSharp({ source, photos, what }: Work, peer: string, target: number): Comparison {
  const sizes = parseSizes(what)
  return {
    source,
    what,
    peer,
    target,
    ours: () => each(photos, async ({ bytes }) => void (await normalize(bytes, policyOf(sizes)))),
    theirs: () =>
      each(photos, async ({ bytes }) => void (await Promise.all(sizes.map((size) => bareSharp(bytes, size))))),
  }
}

/** What one writes with sharp alone for the same picture. */
function bareSharp(bytes: Uint8Array, { kind, width, height }: Size): Promise<Uint8Array> {
  const fit = kind === 'preset' ? ({ fit: 'inside', withoutEnlargement: true } as const) : ({ fit: 'contain' } as const)
  return sharp(bytes, { failOn: 'error', limitInputPixels: pixelLimit, autoOrient: true })
    .flatten({ background })
    .resize({ width, height, background, ...fit })
    .toColourspace('srgb')
    .jpeg({ quality })
    .toBuffer()
}

/**
 * As it is called, one process with all files, and for the record as somebody would who shares them out among processes, one a core.
 * Both sides read files here, and ours writes its own too.
 */
function againstVipsthumbnail({ source, photos, what }: Work, program: string, processes: number): Comparison {
  const [size] = parseSizes(what)
  if (!size) throw new Error('no size')
  const output = join(folder, 'thumbnails', `%s.jpg[Q=${quality},strip]`)
  const shares = Array.from({ length: processes }, (_, share) =>
    photos.filter((_, index) => index % processes === share),
  )
  return {
    source,
    what,
    peer: processes === 1 ? 'vipsthumbnail' : `vipsthumbnail, ${processes} processes`,
    target: processes === 1 ? 1.8 : undefined,
    ours: () =>
      each(photos, async ({ path }) => {
        const [image] = await normalize(path, policyOf([size]))
        if (image) await Bun.write(`${path}.out`, image.bytes)
      }),
    async theirs() {
      await Promise.all(
        shares.map(async (share) => {
          const paths = share.map(({ path }) => path)
          const child = Bun.spawn([program, '--size', `${size.width}x${size.height}>`, '-o', output, ...paths])
          if ((await child.exited) !== 0) throw new Error(`vipsthumbnail ended with ${child.exitCode}`)
        }),
      )
    },
  }
}

async function measure({ source, what, peer, target, ours, theirs }: Comparison): Promise<string[]> {
  await ours()
  await theirs()
  const own: number[] = []
  const other: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    // Each goes first as often as the other, so that neither always has the warmer machine.
    if (pair % 2 === 0) own.push(await rate(ours))
    other.push(await rate(theirs))
    if (pair % 2 === 1) own.push(await rate(ours))
  }
  const ratio = pairedRatio(own, other)
  return [
    source,
    what,
    median(own).toFixed(1),
    peer,
    median(other).toFixed(1),
    showRatio(ratio),
    target === undefined ? '' : `≥ ${target}`,
    target === undefined ? 'recorded' : judge(ratio, target),
  ]
}

async function rate(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (images * 1000) / (performance.now() - start)
}

/** All photos, as many at once as there are cores. */
async function each(photos: readonly Photo[], work: (photo: Photo) => Promise<void>): Promise<void> {
  const left = photos.values()
  const worker = async () => {
    for (const photo of left) await work(photo)
  }
  await Promise.all(Array.from({ length: together }, worker))
}
