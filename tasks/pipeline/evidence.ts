import * as v from 'valibot'

/** Milliseconds since 1970, with fractions where the clock has them. */
const moment = v.number()
const count = v.pipe(v.number(), v.integer())
const sides = { width: count, height: count }

/** A file seen under `NVME_ROOT/input` or `/output` while a stage ran. */
export const SeenFile = v.object({
  /** Relative to `NVME_ROOT`, with slashes: `output/1080p/a.jpg`. */
  path: v.string(),
  firstSeenAt: moment,
  /** Absent when it was gone before a link to it could be made. */
  content: v.optional(
    v.object({
      bytes: count,
      sha256: v.string(),
      /** When it was last written, or born where that is later, by the kernel's clock. */
      finalAt: moment,
    }),
  ),
})
export type SeenFile = v.InferOutput<typeof SeenFile>

/** When an object came to be, as far as can be told from outside. */
export const Arrival = v.variant('by', [
  /** The store says when the request that wrote it came in. */
  v.object({ by: v.literal('store'), receivedAt: moment }),
  /** `absentAt`: when the last listing without it was asked for; `presentAt`: when the first with it was complete. */
  v.object({ by: v.literal('listing'), absentAt: moment, presentAt: moment }),
  /** It was there before the stage started. */
  v.object({ by: v.literal('none') }),
])
export type Arrival = v.InferOutput<typeof Arrival>

/** An image that a stage was given; width and height as a viewer sees it, upright. */
export const SourceImage = v.object({ uri: v.string(), bytes: count, sha256: v.string(), ...sides })
export type SourceImage = v.InferOutput<typeof SourceImage>

export const OutputObject = v.object({
  uri: v.string(),
  /** The key without the output prefix. */
  path: v.string(),
  etag: v.string(),
  bytes: count,
  sha256: v.string(),
  /** Width and height as stored. `other`: neither called an image nor in a manifest, so something that belongs to one. */
  image: v.variant('kind', [
    v.object({ kind: v.literal('decoded'), ...sides }),
    v.object({ kind: v.literal('broken'), sentence: v.string() }),
    v.object({ kind: v.literal('other') }),
  ]),
  arrival: Arrival,
})
export type OutputObject = v.InferOutput<typeof OutputObject>

export const ManifestEntry = v.object({
  source_uri: v.string(),
  output_uri: v.string(),
  variant_name: v.optional(v.string()),
  /** These two, where a stage gives them, tell an object made anew from one named twice. */
  source_etag: v.optional(v.string()),
  recipe: v.optional(v.string()),
  ...sides,
})
export type ManifestEntry = v.InferOutput<typeof ManifestEntry>

export const FoundManifest = v.variant('kind', [
  v.object({ kind: v.literal('valid'), uri: v.string(), objects: v.array(ManifestEntry) }),
  v.object({ kind: v.literal('breach'), uri: v.string(), sentence: v.string() }),
])
export type FoundManifest = v.InferOutput<typeof FoundManifest>

/** A line of a stage's log that names a file under `NVME_ROOT`, read by what its values look like and not by their keys. */
export const LoggedFile = v.object({
  /** Relative to `NVME_ROOT`. */
  path: v.string(),
  uri: v.optional(v.string()),
  bytes: v.optional(v.number()),
  sha256: v.optional(v.string()),
})
export type LoggedFile = v.InferOutput<typeof LoggedFile>

export const LogEvidence = v.object({
  lines: count,
  /** How many of them are JSON objects. */
  jsonLines: count,
  files: v.array(LoggedFile),
  last: v.array(v.string()),
})
export type LogEvidence = v.InferOutput<typeof LogEvidence>

/** How a stage's process came to an end; `stop` says what it took once it was told to. */
export const StageEnd = v.object({
  stop: v.picklist(['by itself', 'term', 'kill']),
  code: v.optional(v.number()),
  signal: v.optional(v.string()),
})
export type StageEnd = v.InferOutput<typeof StageEnd>

/** All that was seen of one run of a stage, from outside. */
export const StageReport = v.object({
  stage: v.picklist(['stage1', 'stage2']),
  command: v.string(),
  mode: v.picklist(['poll', 'once']),
  /** As on the command line: `1080p,800x600`. */
  sizes: v.string(),
  dataset: v.string(),
  /** Where its images are: what the next stage reads. */
  output: v.object({ bucket: v.string(), prefix: v.string() }),
  ended: StageEnd,
  seconds: v.number(),
  /** Seconds until the first object. */
  firstObject: v.number(),
  sources: v.array(SourceImage),
  /** The source that was to be put in while it polled. */
  late: v.optional(
    v.variant('kind', [
      v.object({ kind: v.literal('put'), uri: v.string() }),
      v.object({ kind: v.literal('ended before') }),
    ]),
  ),
  outputs: v.array(OutputObject),
  manifests: v.array(FoundManifest),
  files: v.array(SeenFile),
  log: LogEvidence,
})
export type StageReport = v.InferOutput<typeof StageReport>

/** What a second run over the same images changed. */
export const SecondPass = v.object({
  ended: StageEnd,
  /** URIs of objects that were not there before; where the first run had missed an image, only those that a manifest says are of another. */
  created: v.array(v.string()),
  /** URIs of objects that were there and were written again. */
  rewritten: v.array(v.string()),
  /** Sources that manifests of the second run name again. */
  named: v.array(v.string()),
  /** Paths of files that it wrote under `NVME_ROOT/output`; none are told where the first run had missed an image. */
  results: v.array(v.string()),
})
export type SecondPass = v.InferOutput<typeof SecondPass>

/** What a stage did that was asked for more local disk than there is. */
export const Refusal = v.object({
  ended: StageEnd,
  /** Paths of files that it put under `NVME_ROOT`. */
  staged: v.array(v.string()),
  /** URIs of objects that it wrote. */
  written: v.array(v.string()),
  last: v.array(v.string()),
})
export type Refusal = v.InferOutput<typeof Refusal>
