import { type Finding, undecided } from '../../lib/index.ts'
import { type Dimensions, isOutputSize, parseSizes, type Size } from '../images/sizes.ts'
import type { ManifestEntry, OutputObject, SecondPass, SourceImage, StageReport } from './evidence.ts'
import { promise, promiseBut } from './judge-finding.ts'
import { uniteManifests } from './manifest.ts'

/** What of a report is judged: what the stage left in its buckets, and how it ended. */
export type Judged = Omit<StageReport, 'command' | 'dataset' | 'seconds' | 'firstObject' | 'files' | 'log'>

/** What a report shows once its parts are put together. */
interface Found {
  readonly report: Judged
  /** Without the image that was put in late, which has a promise of its own. */
  readonly sources: readonly SourceImage[]
  readonly images: readonly OutputObject[]
  readonly entries: readonly ManifestEntry[]
  /** How many images the others should have become at least, and how many they became. */
  readonly least: number
  readonly made: number
  readonly entryOf: ReadonlyMap<string, ManifestEntry>
  /** Stage 2 only. */
  readonly sizes: readonly Size[]
  readonly breaches: readonly string[]
}

/** Judges what a stage left in its buckets against DESIGN §7: one finding a promise, whatever the number of images. */
export function judgeStage(report: Judged): Finding[] {
  const found = gather(report)
  return [
    everyObjectExists(found),
    promise(
      'every object decodes',
      'every image decodes whole',
      found.images.flatMap(({ path, image }) => (image.kind === 'broken' ? [`${path}: ${image.sentence}`] : [])),
      found.images.length,
    ),
    ...(report.stage === 'stage2' ? [variantPrefixes(found)] : []),
    manifestsFollowSchema(found),
    namesAllOnce(found),
    trueFacts(found),
    ...sizesKept(found),
    ...(report.late ? [latePickedUp(found, report.late)] : []),
    ...(report.mode === 'poll' ? [pollsUntilStopped(report)] : []),
  ]
}

/** Judges a second run over the same images. */
export function judgeSecondPass({ created, rewritten, named, results }: SecondPass): Finding {
  const broken = [
    ...rewritten.map((uri) => `${uri} written again`),
    ...created.map((uri) => `${uri} is new`),
    ...named.map((uri) => `a manifest names ${uri} again`),
    ...results.map((path) => `${path} was written to local disk`),
  ]
  return promise('a second pass processes nothing twice', 'no object, manifest entry or result is new', broken)
}

function gather(report: Judged): Found {
  const valid = report.manifests.flatMap((found) => (found.kind === 'valid' ? [found] : []))
  const { objects: entries, outputs } = uniteManifests(valid)
  const named = new Set(outputs)
  const late = lateUri(report)
  const sources = report.sources.filter(({ uri }) => uri !== late)
  const images = report.outputs.filter(({ image, uri }) => image.kind !== 'other' || named.has(uri))
  const entryOf = new Map(entries.map((entry) => [entry.output_uri, entry]))
  const sizes = report.stage === 'stage2' ? parseSizes(report.sizes) : []
  return {
    report,
    sources,
    images,
    entries,
    entryOf,
    sizes,
    least: sources.length * Math.max(1, sizes.length),
    made: images.filter(({ uri }) => late === undefined || entryOf.get(uri)?.source_uri !== late).length,
    breaches: report.manifests.flatMap((found) => (found.kind === 'breach' ? [found.sentence] : [])),
  }
}

function everyObjectExists(found: Found): Finding {
  const { report, sources, entries, sizes, least, made } = found
  const name = 'every expected object exists'
  const expected = `at least ${least} images${sizes.length > 0 ? ', one a source and size' : ''}, and all that manifests name`
  if (made < least) return { name, verdict: 'fail', expected, actual: `${made} images of ${sources.length} sources` }
  const short = shortSizes(found)
  if (short.length > 0) return { name, verdict: 'fail', expected, actual: short.join(', ') }
  const there = new Set(report.outputs.map(({ uri }) => uri))
  const missing = entries.flatMap(({ output_uri: uri }) => (there.has(uri) ? [] : [`${uri} is named and not there`]))
  return promise(name, expected, missing, entries.length)
}

/** Sizes that too few images are of, whether one goes by their prefix or by what manifests call them. */
function shortSizes({ sizes, images, sources, entryOf }: Found): readonly string[] {
  return sizes.flatMap((size) => {
    const byPath = images.filter(({ path }) => sizeByPath(path, sizes) === size).length
    const byName = images.filter(({ uri }) => variantOf(entryOf.get(uri)) === size.name).length
    const most = Math.max(byPath, byName)
    return most < sources.length ? [`${size.name}: ${most} of ${sources.length}`] : []
  })
}

function variantOf(entry: ManifestEntry | undefined): string | undefined {
  return entry?.variant_name
}

function variantPrefixes({ images, sizes, report }: Found): Finding {
  const broken = images.flatMap(({ path }) => (sizeByPath(path, sizes) ? [] : [path]))
  const expected = `every object under ${report.output.prefix} and ${sizes.map(({ name }) => `${name}/`).join(' or ')}`
  return promise('every variant has a prefix of its own', expected, broken, images.length)
}

function manifestsFollowSchema({ report, breaches }: Found): Finding {
  const name = 'manifests follow their schema'
  const expected = 'at least one manifest, each valid JSON with every field'
  if (report.manifests.length === 0) return { name, verdict: 'fail', expected, actual: 'no manifest' }
  return promise(name, expected, breaches, report.manifests.length)
}

function namesAllOnce({ report, sources, images, entries, breaches, sizes, least, made }: Found): Finding {
  const name = 'manifests name every source and output once'
  if (entries.length === 0) return undecided(name, noManifest)
  const { repeated, outputs, sources: named } = uniteManifests([{ objects: entries }])
  const given = new Set(report.sources.map(({ uri }) => uri))
  const [knownSources, knownOutputs] = [new Set(named), new Set(outputs)]
  const broken = [
    // Where images are missing, so are they in the manifests, and that is said already.
    ...(made < least ? [] : sources).flatMap(({ uri }) => (knownSources.has(uri) ? [] : [`${uri} is not named`])),
    ...images.flatMap(({ uri }) => (knownOutputs.has(uri) ? [] : [`${uri} is not named`])),
    ...repeated.map((uri) => `${uri} is named twice`),
    ...named.flatMap((uri) => (given.has(uri) ? [] : [`${uri} is no source`])),
    ...pairsOff(entries, sources, sizes),
  ]
  const expected = `${sources.length} sources and ${images.length} outputs, each named${sizes.length > 0 ? ' once for its size' : ''}`
  // What a manifest that can't be read would have named, nobody knows.
  const most = breaches.length > 0 ? broken.length : 0
  return promiseBut(name, expected, broken, sources.length + images.length, {
    most,
    reason: 'a manifest can not be read',
  })
}

/** Sources that stage 2's manifests don't name exactly once for each size, among those that they name. */
function pairsOff(
  entries: readonly ManifestEntry[],
  sources: readonly SourceImage[],
  sizes: readonly Size[],
): string[] {
  const counts = new Map<string, number>()
  for (const entry of entries) counts.set(entry.source_uri, (counts.get(entry.source_uri) ?? 0) + 1)
  if (sizes.length === 0) return []
  return sources.flatMap(({ uri }) => {
    const count = counts.get(uri) ?? 0
    return count === 0 || count === sizes.length ? [] : [`${uri} is named ${count} times for ${sizes.length} sizes`]
  })
}

function trueFacts({ images, entries, entryOf, sizes }: Found): Finding {
  const name =
    sizes.length > 0 ? 'manifests give true width, height and variant' : 'manifests give true width and height'
  if (entries.length === 0) return undecided(name, noManifest)
  const broken = images.flatMap(({ uri, path, image }) => {
    const entry = entryOf.get(uri)
    if (!entry || image.kind !== 'decoded') return []
    const off = entry.width !== image.width || entry.height !== image.height
    if (off) return [`${path} is ${pixels(image)}, its manifest says ${pixels(entry)}`]
    if (sizes.length === 0) return []
    const stored = sizeByPath(path, sizes)?.name
    const known = sizes.some((size) => size.name === entry.variant_name)
    if (known && (stored === undefined || stored === entry.variant_name)) return []
    return [`${path} is ${entry.variant_name ?? 'no variant'} by its manifest`]
  })
  return promise(name, 'the width, height and variant of each stored image', broken, entries.length)
}

function sizesKept({ report, images, entryOf, sizes }: Found): Finding[] {
  const judged = (kind: Size['kind']) =>
    images.flatMap(({ uri, path, image }) => {
      const entry = entryOf.get(uri)
      const size = sizeByPath(path, sizes) ?? sizes.find(({ name }) => name === entry?.variant_name)
      if (size?.kind !== kind || image.kind !== 'decoded') return []
      // Where no manifest says which source it is, it must fit one of them.
      const sources = report.sources.filter(({ uri }) => uri === entry?.source_uri)
      const from = sources.length > 0 ? sources : report.sources
      const fits = from.some((source) => isOutputSize(source, size, image))
      return [{ fits, words: `${path} is ${pixels(image)}${sources[0] ? ` of ${pixels(sources[0])}` : ''}` }]
    })
  const finding = (kind: Size['kind'], name: string, expected: string) => {
    const all = judged(kind)
    const broken = all.flatMap(({ fits, words }) => (fits ? [] : [words]))
    return sizes.some((size) => size.kind === kind) ? [promise(name, expected, broken, all.length)] : []
  }
  return [
    ...finding(
      'preset',
      'presets keep the aspect and never enlarge',
      'inside its box, aspect kept, no larger than its source',
    ),
    ...finding('exact', 'exact sizes are exact', 'exactly the width and height asked for'),
  ]
}

function latePickedUp(found: Found, late: NonNullable<Judged['late']>): Finding {
  const name = 'an image put in while it polls is picked up'
  const ended = undecided(name, 'the stage did not poll: it had ended by itself')
  if (late.kind === 'ended before') return ended
  const { report, entries, images, least } = found
  const named = entries.some(({ source_uri }) => source_uri === late.uri)
  // Without manifests, what is there beyond what the others must become is taken for its.
  if (named || (entries.length === 0 && images.length > least)) return { name, verdict: 'pass' }
  if (report.ended.stop === 'by itself') return ended
  return { name, verdict: 'fail', expected: `objects of ${late.uri}`, actual: 'none' }
}

export function pollsUntilStopped({ ended }: Pick<Judged, 'ended'>): Finding {
  const name = 'it polls until SIGTERM, then stops cleanly'
  const { stop, code, signal } = ended
  if (
    stop === 'term' &&
    (code === undefined ? ['SIGTERM', 'SIGINT'].includes(signal ?? '') : [0, 130, 143].includes(code))
  )
    return { name, verdict: 'pass' }
  const actual = {
    'by itself': `it ended by itself with exit code ${code}`,
    term: `exit ${code ?? signal}`,
    kill: 'it went on and had to be killed',
  }
  return { name, verdict: 'fail', expected: 'exit 0, 130 or 143 on SIGTERM', actual: actual[stop] }
}

const noManifest = 'there is no valid manifest'

function sizeByPath(path: string, sizes: readonly Size[]): Size | undefined {
  const [first, ...rest] = path.split('/')
  return rest.length > 0 ? sizes.find(({ name }) => name === first) : undefined
}

function pixels({ width, height }: Dimensions): string {
  return `${width}x${height}`
}

export function lateUri({ late }: Judged): string | undefined {
  return late?.kind === 'put' ? late.uri : undefined
}
