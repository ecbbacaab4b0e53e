import * as v from 'valibot'
import { cannot, messageOf, Problem } from '../../lib/index.ts'
import { isS3Uri } from './uri.ts'

const word = v.pipe(v.string('a text'), v.nonEmpty('a text that is not empty'))
const uri = v.pipe(v.string('an s3://bucket/key'), v.check(isS3Uri, 'an s3://bucket/key'))
const pixels = v.pipe(
  v.number('a number of pixels'),
  v.integer('a whole number of pixels'),
  v.minValue(1, 'at least 1 pixel'),
)
// An array is an object to valibot too, which would read it as one with numbers for names.
const members = v.pipe(
  v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'an object'),
  v.looseObject({}, 'an object'),
)
const time = v.pipe(v.string('a time in ISO 8601'), v.check(isTime, 'a time in ISO 8601'))

/** Both forms of ISO 8601, since file names need the one without colons and many write it into the document too. */
function isTime(text: string): boolean {
  const [, year, month, day] =
    /^(\d{4})-?(0[1-9]|1[0-2])-?(\d{2})[T ]([01]\d|2[0-3]):?[0-5]\d(:?([0-5]\d|60)([.,]?\d+)?)?\s?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?$/.exec(
      text,
    ) ?? []
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  return Number(day) >= 1 && Number(day) <= days
}

/** One stored image of stage 1; `width` and `height` are those of the stored image. */
export const Stage1Object = v.looseObject(
  {
    source_uri: uri,
    output_uri: uri,
    width: pixels,
    height: pixels,
    augmentation: v.union([word, v.array(v.unknown()), members], 'what was done to the image'),
    annotation_format: v.optional(word),
    converter_version: v.optional(word),
  },
  'an object',
)
export type Stage1Object = v.InferOutput<typeof Stage1Object>

/** One stored image of stage 2; `width` and `height` are those of the stored image. */
export const Stage2Object = v.looseObject(
  {
    source_uri: uri,
    variant_name: word,
    output_uri: uri,
    width: pixels,
    height: pixels,
    normalization_policy_hash: word,
  },
  'an object',
)
export type Stage2Object = v.InferOutput<typeof Stage2Object>

// A stage says its number bare or as its manifests' folder does; both are handed on as the number.
function stageNumber<const N extends 1 | 2>(n: N) {
  return v.pipe(
    v.picklist([n, `${n}`, `stage_${n}`, `stage${n}`], `${n}`),
    v.transform((): N => n),
  )
}

function manifestOf<const N extends 1 | 2, O extends v.GenericSchema>(n: N, object: O) {
  return v.pipe(
    v.looseObject(
      {
        dataset_id: word,
        stage: stageNumber(n),
        timestamp: time,
        object_count: v.pipe(v.number('a number'), v.integer('a whole number'), v.minValue(0, 'at least 0')),
        objects: v.array(object, 'a list of objects'),
        metadata: members,
      },
      'an object',
    ),
    v.forward(
      v.check((m) => m.object_count === m.objects.length, 'the number of objects listed'),
      ['object_count'],
    ),
  )
}

/** A stage's manifest as DESIGN §7 has it; keys beyond the contract are kept. */
export const Stage1Manifest = manifestOf(1, Stage1Object)
export type Stage1Manifest = v.InferOutput<typeof Stage1Manifest>
export const Stage2Manifest = manifestOf(2, Stage2Object)
export type Stage2Manifest = v.InferOutput<typeof Stage2Manifest>

export type StageNumber = 1 | 2
export interface Manifests {
  readonly 1: Stage1Manifest
  readonly 2: Stage2Manifest
}

export type ReadManifest<M> =
  | { readonly ok: true; readonly manifest: M }
  /** One sentence that names the manifest, the place in it, what was expected and what was found. */
  | { readonly ok: false; readonly breach: string }

/** Reads the text of a manifest of one stage; `where` (its URI) names it in the sentence of a breach. */
export function readManifest<N extends StageNumber>(stage: N, text: string, where: string): ReadManifest<Manifests[N]>
export function readManifest(stage: StageNumber, text: string, where: string): ReadManifest<Manifests[StageNumber]> {
  return stage === 1 ? readAs(Stage1Manifest, text, where) : readAs(Stage2Manifest, text, where)
}

/** As `readManifest`; a breach is thrown as a Problem. */
export function parseManifest<N extends StageNumber>(stage: N, text: string, where: string): Manifests[N] {
  const result = readManifest(stage, text, where)
  if (!result.ok) throw new Problem(result.breach)
  return result.manifest
}

/** What a stage writes. */
export interface WrittenManifest {
  readonly dataset_id: string
  readonly stage: StageNumber
  readonly timestamp: string
  readonly object_count: number
  readonly objects: readonly (Stage1Object | Stage2Object)[]
  readonly metadata: Readonly<Record<string, unknown>>
}

/** The text of a manifest, laid out for people: two spaces, a line break at the end. */
export function writeManifest(manifest: WrittenManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

function readAs<S extends v.GenericSchema>(schema: S, text: string, where: string): ReadManifest<v.InferOutput<S>> {
  const action = `read the manifest ${where}`
  const json = jsonOf(text)
  if (!json.ok)
    return { ok: false, breach: cannot(action, 'content', `JSON (${json.reason})`, text.slice(0, 80)).message }
  const result = v.safeParse(schema, json.value)
  if (result.success) return { ok: true, manifest: result.output }
  const [issue] = result.issues
  const path = v.getDotPath(issue) ?? 'content'
  const rule = issue.expected !== null && issue.received === 'undefined' ? 'given' : issue.message
  // For a check across fields the issue's input is the whole manifest; the field at its path is what a reader needs.
  const found = issue.path?.at(-1)?.value ?? issue.input
  return { ok: false, breach: cannot(action, path, rule, found === undefined ? 'nothing' : found).message }
}

function jsonOf(text: string): { ok: true; value: unknown } | { ok: false; reason: string } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

/** The prefix of a stage's manifests of one data set: `manifests/<dataset>/stage_<n>/`. */
export function manifestPrefix(dataset: string, stage: StageNumber): string {
  return `manifests/${dataset}/stage_${stage}/`
}

/** `manifests/<dataset>/stage_<n>/20261121T094446123Z.json`: names sort by time. */
export function manifestKey(dataset: string, stage: StageNumber, at: Date): string {
  return `${manifestPrefix(dataset, stage)}${at.toISOString().replace(/[-:.]/g, '')}.json`
}

export interface ManifestUnion<O> {
  /** Every object of every manifest in the order given, without those that a later one supersedes. */
  readonly objects: readonly O[]
  /** Each source once, in code point order. */
  readonly sources: readonly string[]
  /** Each output once, in code point order. */
  readonly outputs: readonly string[]
  /** Outputs named more than once, in one manifest or across them. */
  readonly repeated: readonly string[]
}

/** What a union needs of an object; the last two are in our own stages' manifests only. */
interface NamedObject {
  readonly source_uri: string
  readonly output_uri: string
  readonly source_etag?: unknown
  readonly recipe?: unknown
}

/**
 * What all manifests of a data set, oldest first, name together: a stage may write one a pass, one an object, or any other share.
 * An output named again from another version of its source, or by another recipe, was made again: the later entry supersedes.
 */
export function uniteManifests<O extends NamedObject>(
  manifests: readonly { readonly objects: readonly O[] }[],
): ManifestUnion<O> {
  const byOutput = new Map<string, O[]>()
  const repeated = new Set<string>()
  for (const object of manifests.flatMap((manifest) => manifest.objects)) {
    const before = byOutput.get(object.output_uri) ?? []
    const same = before.filter((other) => other.source_etag === object.source_etag && other.recipe === object.recipe)
    if (same.length > 0) repeated.add(object.output_uri)
    byOutput.set(object.output_uri, [...same, object])
  }
  const objects = [...byOutput.values()].flat()
  return {
    objects,
    sources: [...new Set(objects.map((object) => object.source_uri))].sort(),
    outputs: [...byOutput.keys()].sort(),
    repeated: [...repeated].sort(),
  }
}
