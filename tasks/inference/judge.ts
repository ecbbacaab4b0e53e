import { type Finding, undecided } from '../../lib/index.ts'
import { pollsUntilStopped } from '../pipeline/judge.ts'
import { promise } from '../pipeline/judge-finding.ts'
import { judgeMetrics } from './judge-metrics.ts'
import type { FoundDocument, InferenceReport, Prediction } from './report.ts'

/** What a report shows once its documents are put together. */
interface Found {
  readonly report: InferenceReport
  readonly documents: readonly Extract<FoundDocument, { kind: 'valid' }>[]
  readonly predictions: readonly Prediction[]
}

/** Judges what an inference wrote and what it said of itself: one finding a promise, whatever the number of images. */
export function judgeInference(report: InferenceReport): Finding[] {
  const documents = report.documents.flatMap((found) => (found.kind === 'valid' ? [found] : []))
  const found = { report, documents, predictions: documents.flatMap(({ predictions }) => predictions) }
  return [
    areCoco(found),
    onePredictionEach(found),
    wholeImages(found),
    ofTheModel(found),
    unsureForReview(found),
    ...judgeMetrics(report),
    ...(report.mode === 'poll' ? [pollsUntilStopped(report)] : []),
  ]
}

function areCoco({ report }: Found): Finding {
  const all = [...report.documents, ...report.reviews]
  const broken = all.flatMap((found) => (found.kind === 'breach' ? [`${found.uri}: ${found.sentence}`] : []))
  const none = report.documents.length === 0 && report.sources.length > 0 ? ['no document'] : []
  return promise('annotations are COCO', 'at least one document, each valid', [...none, ...broken], all.length)
}

function onePredictionEach({ report, documents, predictions }: Found): Finding {
  const counts = new Map<string, number>()
  for (const { uri } of predictions) counts.set(uri, (counts.get(uri) ?? 0) + 1)
  const given = new Set(report.sources.map(({ uri }) => uri))
  const named = documents.flatMap(({ images }) => images)
  const broken = [
    ...report.sources.flatMap(({ uri }) => {
      const count = counts.get(uri) ?? 0
      return count === 1 ? [] : [`${uri} has ${count}`]
    }),
    ...[...new Set(named)].flatMap((uri) => (given.has(uri) ? [] : [`${uri} is none of the images`])),
    ...repeatedIn(named).flatMap((uri) => (counts.get(uri) === 1 ? [`${uri} is named twice`] : [])),
  ]
  const expected = `one for each of ${report.sources.length} images, and none for those that can't be decoded`
  return promise('every image has one prediction', expected, broken, report.sources.length)
}

function wholeImages({ report, predictions }: Found): Finding {
  const sizes = new Map(report.sources.map(({ uri, width, height }) => [uri, { width, height }]))
  const broken = predictions.flatMap(({ uri, width, height, box }) => {
    const size = sizes.get(uri)
    if (size === undefined) return []
    if (size.width !== width || size.height !== height)
      return [`${uri} is ${size.width} × ${size.height}, its document says ${width} × ${height}`]
    const [x, y, wide, high] = box
    return x === 0 && y === 0 && wide === width && high === height ? [] : [`the box of ${uri} is ${box.join(', ')}`]
  })
  return promise('each box is the whole image', 'the true size of the upright image', broken, predictions.length)
}

function ofTheModel({ report, documents }: Found): Finding {
  const name = "categories are the model's classes"
  const { classes } = report.model
  if (classes === undefined) return undecided(name, 'nobody said what classes the model has')
  const expected = [...classes].sort().join(', ')
  const broken = documents.flatMap(({ uri, categories }) => {
    const found = [...categories].sort().join(', ')
    return found === expected ? [] : [`${uri} has ${found || 'none'}`]
  })
  return promise(name, expected, broken, documents.length)
}

function unsureForReview({ report, predictions }: Found): Finding {
  const { reviewConfidence } = report
  const reviewed = report.reviews.flatMap((found) =>
    found.kind === 'valid' ? found.predictions.map(({ uri }) => uri) : [],
  )
  const there = new Set(reviewed)
  const scores = new Map(predictions.map(({ uri, score }) => [uri, score]))
  const broken = [
    ...[...scores].flatMap(([uri, score]) => {
      if (score === undefined || !(score >= 0 && score <= 1)) return [`${uri} has the score ${score ?? 'none'}`]
      const unsure = score <= reviewConfidence
      if (unsure === there.has(uri)) return []
      return [`${uri}, of ${score}, is ${unsure ? 'not ' : ''}for review`]
    }),
    ...repeatedIn(reviewed).map((uri) => `${uri} is for review twice`),
    ...[...there].flatMap((uri) => (scores.has(uri) ? [] : [`${uri} is for review and has no prediction`])),
  ]
  const expected = `those of a score up to ${reviewConfidence}, once, and no others`
  return promise('unsure predictions are for review', expected, broken, scores.size)
}

/** Each that is there more than once. */
function repeatedIn(uris: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  const repeated = uris.filter((uri) => seen.size === seen.add(uri).size)
  return [...new Set(repeated)]
}
