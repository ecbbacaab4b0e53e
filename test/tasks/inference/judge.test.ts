import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { judgeInference } from '../../../tasks/inference/judge.ts'
import { type FoundDocument, InferenceReport, type Scrape } from '../../../tasks/inference/report.ts'
import { classes, document, metricsText, predictionsOf, report, scrapeOf, sources } from './reports.ts'

function named(one: InferenceReport, verdict: string): string[] {
  return judgeInference(one)
    .filter((finding) => finding.verdict === verdict)
    .map(({ name }) => name)
}

const promises = {
  coco: 'annotations are COCO',
  one: 'every image has one prediction',
  whole: 'each box is the whole image',
  classes: "categories are the model's classes",
  review: 'unsure predictions are for review',
  served: 'metrics are served before and after',
  format: 'metrics are in the text format 0.0.4',
  counters: 'counters equal what was done',
  histogram: 'the histogram counts every request',
  version: 'the model and its version are named',
  elsewhere: 'nothing but metrics is served',
  polls: 'it polls until SIGTERM, then stops cleanly',
}

describe('an inference that did everything right', () => {
  test('passes every promise, and its report is of the schema', () => {
    expect(v.parse(InferenceReport, JSON.parse(JSON.stringify(report())))).toEqual(report())
    expect(named(report(), 'pass')).toEqual(Object.values(promises))
  })

  test('has named nothing where no image could be decoded', () => {
    const after = scrapeOf(metricsText({ success: 0, error: 1 }))
    const before = scrapeOf(metricsText({ success: 0, error: 0 }))
    const none = report({ sources: [], documents: [], reviews: [], metrics: { before, after, elsewhere: 404 } })
    expect(named(none, 'pass')).toEqual(Object.values(promises))
  })

  test('is undecided about what nobody could see', () => {
    expect(named(report({ model: { name: 'digits' } }), 'undecided')).toEqual([promises.classes])
    const once = report({ mode: 'once', metrics: {}, ended: { stop: 'by itself', code: 0 } })
    expect(named(once, 'fail')).toEqual([])
    const { served, format, counters, histogram, version, elsewhere } = promises
    expect(named(once, 'undecided')).toEqual([served, format, counters, histogram, version, elsewhere])
    const unread = report({ metrics: { ...report().metrics, after: scrapeOf('<html>\n') } })
    expect(named(unread, 'fail')).toEqual([format])
    expect(named(unread, 'undecided')).toEqual([counters, histogram, version])
  })
})

const [sure, also, unsure] = predictionsOf(sources)
if (!sure || !also || !unsure) throw new Error('three sources')

/** With these documents in place of both. */
const wrote = (documents: readonly FoundDocument[]) => report({ documents: [...documents] })
const wroteOne = (...predictions: Parameters<typeof document>[1]) => wrote([document('s3://out/1.json', predictions)])

/** With other metrics at the end, or at the beginning. */
const said = (after: string | Partial<Scrape>, before?: string) => {
  const { metrics } = report()
  const scraped = typeof after === 'string' ? scrapeOf(after) : { ...scrapeOf(metricsText(done)), ...after }
  return report({ metrics: { ...metrics, after: scraped, ...(before && { before: scrapeOf(before) }) } })
}
const done = { success: 3, error: 1 }
const text = metricsText(done)

describe('a breach fails the promise it is a breach of, and no other', () => {
  test.each<[keyof typeof promises, string, InferenceReport]>([
    [
      'coco',
      'a document that is none',
      wrote([...report().documents, { kind: 'breach', uri: 's3://o/3', sentence: '' }]),
    ],
    [
      'coco',
      'a review that is none',
      report({ reviews: [...report().reviews, { kind: 'breach', uri: 's', sentence: '' }] }),
    ],
    ['one', 'an image without one', wroteOne(sure, unsure)],
    ['one', 'an image with two in one document', wroteOne(sure, sure, also, unsure)],
    ['one', 'an image in two documents', wrote([...report().documents, document('s3://out/3.json', [sure])])],
    ['one', 'an image that is none', wroteOne(sure, also, unsure, { ...sure, uri: 's3://in/corrupt.png' })],
    [
      'one',
      'an image that is named and has none',
      wrote([...report().documents, document('s3://out/3.json', [], { images: [sure.uri] })]),
    ],
    ['whole', 'a box of a part', wroteOne({ ...sure, box: [0, 0, 5, 5] }, also, unsure)],
    ['whole', 'a box that is moved', wroteOne({ ...sure, box: [1, 0, sure.width, sure.height] }, also, unsure)],
    ['whole', 'another size', wroteOne({ ...sure, width: 10, height: 20, box: [0, 0, 10, 20] }, also, unsure)],
    [
      'classes',
      'a class too many',
      wrote(report().documents.map((one) => ({ ...one, categories: [...classes, 'bird'] }))),
    ],
    ['classes', 'another class', wrote(report().documents.map((one) => ({ ...one, categories: ['cat', 'bird'] })))],
    ['review', 'an unsure one that is not', report({ reviews: [] })],
    ['review', 'a sure one', report({ reviews: [document('s3://hitl/1.json', [sure, unsure])] })],
    ['review', 'one twice', report({ reviews: [document('s3://hitl/1.json', [unsure, unsure])] })],
    [
      'review',
      'one that has no prediction',
      report({ reviews: [document('s3://h/1', [unsure, { ...unsure, uri: 's' }])] }),
    ],
    ['review', 'no score', wroteOne({ ...sure, score: undefined }, also, unsure)],
    ['review', 'a score of percents', wroteOne({ ...sure, score: 99 }, also, unsure)],
    ['served', 'nothing before', report({ metrics: { ...report().metrics, before: undefined } })],
    [
      'served',
      'an error before',
      report({ metrics: { ...report().metrics, before: { ...scrapeOf(''), status: 500 } } }),
    ],
    ['format', 'another content type', said({ contentType: 'application/openmetrics-text; version=1.0.0' })],
    ['format', 'no family of requests at first', said(text, text.replace(/# TYPE inference_req.*\n/, ''))],
    ['format', 'a histogram that is a summary', said(text, text.replace('seconds histogram', 'seconds summary'))],
    ['format', 'text before that is none', said(text, 'hello\n')],
    ['counters', 'an error taken for a success', said(metricsText({ success: 4, error: 0 }))],
    ['counters', 'one that was not counted', said(metricsText({ success: 2, error: 1 }))],
    ['counters', 'one that fell', said(text, metricsText({ success: 9, error: 0 }))],
    ['counters', 'a status of its own', said(withAnother())],
    ['histogram', 'a request that it has not', said(text.replace('seconds_count 4', 'seconds_count 3'))],
    ['histogram', 'a last bucket that is short', said(text.replace('{le="+Inf"} 4', '{le="+Inf"} 3'))],
    ['histogram', 'no last bucket', said(text.replace(/.*\+Inf.*\n/, ''))],
    ['histogram', 'buckets that fall', said(text.replace('{le="0.01"} 1', '{le="0.01"} 5'))],
    ['histogram', 'no time at all', said(text.replace('sum 0.04', 'sum 0'))],
    ['version', 'another than was registered', otherVersion('4')],
    ['version', 'another in a document', wrote(report().documents.map((one) => ({ ...one, version: '2' })))],
    ['version', 'none in the metrics', said(text.replace(',version="3"', ''))],
    ['version', 'two models', said(`${text}inference_model_info{name="digits",version="2"} 1\n`)],
    ['version', 'another model', said(text.replace('name="digits"', 'name="letters"'))],
    ['elsewhere', 'the same anywhere', report({ metrics: { ...report().metrics, elsewhere: 200 } })],
    ['elsewhere', 'nothing', report({ metrics: { ...report().metrics, elsewhere: undefined } })],
    ['polls', 'it ended before', report({ ended: { stop: 'by itself', code: 0 } })],
    ['polls', 'it had to be killed', report({ ended: { stop: 'kill', signal: 'SIGKILL' } })],
    ['polls', 'it ended with 1', report({ ended: { stop: 'term', code: 1 } })],
  ])('%s: %s', (promise, _what, wrong) => {
    expect(named(wrong, 'fail')).toEqual([promises[promise]])
  })

  test('no metrics at the end fail to be served, and leave undecided what they would have shown', () => {
    const silent = report({ metrics: { before: report().metrics.before } })
    expect(named(silent, 'fail')).toEqual([promises.served, promises.elsewhere])
  })
})

/** One success is one of another status: the histogram has all. */
function withAnother(): string {
  const own = 'inference_requests_total{status="success"}'
  return text
    .replace(`${own} 3\n`, `${own} 3\ninference_requests_total{status="retried"} 1\n`)
    .replaceAll(' 4\n', ' 5\n')
}

/** In metrics and documents alike. */
function otherVersion(version: string): InferenceReport {
  const { metrics } = report()
  return report({
    documents: report().documents.map((one) => ({ ...one, version })),
    metrics: { ...metrics, after: scrapeOf(metricsText({ ...done, version })) },
  })
}
