import { readExposition } from '../../../tasks/inference/exposition.ts'
import type { FoundDocument, InferenceReport, Prediction, Scrape } from '../../../tasks/inference/report.ts'

export interface Told {
  readonly success: number
  readonly error: number
  readonly version?: string
}

/** What an endpoint says after so many requests. */
export function metricsText({ success, error, version = '3' }: Told): string {
  const all = success + error
  return `# TYPE inference_requests_total counter
inference_requests_total{status="success"} ${success}
inference_requests_total{status="error"} ${error}
# TYPE inference_duration_seconds histogram
inference_duration_seconds_bucket{le="0.01"} ${Math.min(1, all)}
inference_duration_seconds_bucket{le="+Inf"} ${all}
inference_duration_seconds_sum ${all / 100}
inference_duration_seconds_count ${all}
# TYPE inference_model_info gauge
inference_model_info{name="digits",version="${version}"} 1
`
}

export function scrapeOf(text: string): Scrape {
  const contentType = 'text/plain; version=0.0.4; charset=utf-8'
  return { status: 200, contentType, exposition: readExposition(text, 'inference_') }
}

export const classes = ['cat', 'dog']
export const sources = [0.99, 0.95, 0.4].map((score, at) => ({
  uri: `s3://in/${at}.png`,
  width: 20 + at,
  height: 10,
  score,
}))

export function predictionsOf(which: readonly (typeof sources)[number][]): Prediction[] {
  return which.map(({ uri, width, height, score }) => ({
    uri,
    category: 'cat',
    score,
    box: [0, 0, width, height],
    width,
    height,
  }))
}

export function document(
  uri: string,
  predictions: readonly Prediction[],
  more: Partial<Extract<FoundDocument, { kind: 'valid' }>> = {},
): FoundDocument {
  const images = predictions.map((prediction) => prediction.uri)
  return { kind: 'valid', uri, images, categories: classes, predictions: [...predictions], version: '3', ...more }
}

/** Of an inference that did everything right: three images, one of them unsure, and one that can't be decoded. */
export function report(more: Partial<InferenceReport> = {}): InferenceReport {
  return {
    command: 'x',
    mode: 'poll',
    model: { name: 'digits', version: '3', classes },
    reviewConfidence: 0.9,
    output: { bucket: 'out', prefix: '' },
    review: { bucket: 'hitl', prefix: '' },
    ended: { stop: 'term', code: 0 },
    seconds: 1,
    sources: sources.map(({ score: _, ...source }) => source),
    corrupt: ['s3://in/corrupt.png'],
    documents: [
      document('s3://out/1.json', predictionsOf(sources.slice(0, 2))),
      document('s3://out/2.json', predictionsOf(sources.slice(2))),
    ],
    reviews: [document('s3://hitl/1.json', predictionsOf(sources.slice(2)))],
    metrics: {
      before: scrapeOf(metricsText({ success: 1, error: 0 })),
      after: scrapeOf(metricsText({ success: 3, error: 1 })),
      elsewhere: 404,
    },
    last: [],
    ...more,
  }
}
