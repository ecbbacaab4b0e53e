import * as v from 'valibot'
import { StageEnd } from '../pipeline/evidence.ts'
import { Exposition } from './exposition.ts'

const count = v.pipe(v.number(), v.integer())
const place = v.object({ bucket: v.string(), prefix: v.string() })

/** What a document says of one image. */
export const Prediction = v.object({
  /** Of the image. */
  uri: v.string(),
  category: v.string(),
  score: v.optional(v.number()),
  /** Left, top, width, height. */
  box: v.tuple([v.number(), v.number(), v.number(), v.number()]),
  /** Of the image, by the document. */
  width: v.number(),
  height: v.number(),
})
export type Prediction = v.InferOutput<typeof Prediction>

/** A COCO document that was found in a bucket. */
export const FoundDocument = v.variant('kind', [
  v.object({
    kind: v.literal('valid'),
    uri: v.string(),
    /** URIs of all images that it names, those without a prediction too. */
    images: v.array(v.string()),
    categories: v.array(v.string()),
    predictions: v.array(Prediction),
    /** Of the model, where it says so. */
    version: v.optional(v.string()),
  }),
  v.object({ kind: v.literal('breach'), uri: v.string(), sentence: v.string() }),
])
export type FoundDocument = v.InferOutput<typeof FoundDocument>

export const Scrape = v.object({ status: count, contentType: v.string(), exposition: Exposition })
export type Scrape = v.InferOutput<typeof Scrape>

/** All that was seen of one sitting of an inference, from outside. */
export const InferenceReport = v.object({
  command: v.string(),
  mode: v.picklist(['poll', 'once']),
  model: v.object({
    name: v.string(),
    /** What it should be by those who registered it, where they are asked. */
    version: v.optional(v.string()),
    classes: v.optional(v.array(v.string())),
  }),
  /** Predictions no surer than this are for review. */
  reviewConfidence: v.number(),
  output: place,
  review: place,
  ended: StageEnd,
  seconds: v.number(),
  /** Images that can be decoded, upright, and those that can't. */
  sources: v.array(v.object({ uri: v.string(), width: count, height: count })),
  corrupt: v.array(v.string()),
  documents: v.array(FoundDocument),
  reviews: v.array(FoundDocument),
  metrics: v.object({
    /** As soon as it answered, and when all was done; absent where it did not answer. */
    before: v.optional(Scrape),
    after: v.optional(Scrape),
    /** The status of a path where there is nothing. */
    elsewhere: v.optional(count),
  }),
  /** The last lines of its log. */
  last: v.array(v.string()),
})
export type InferenceReport = v.InferOutput<typeof InferenceReport>
