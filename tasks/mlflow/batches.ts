/** One sample of a metric. */
export interface Metric {
  readonly key: string
  readonly value: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly step: number
}

/** A parameter or a tag. */
export interface Entry {
  readonly key: string
  readonly value: string
}

export interface Batch {
  readonly metrics?: readonly Metric[]
  readonly params?: readonly Entry[]
  readonly tags?: readonly Entry[]
}

// What one request to log-batch may hold (mlflow/utils/validation.py).
const mostMetrics = 1000
const mostEntries = 100
const mostOfAll = 1000
const mostBytes = 1_000_000

/** The bodies of as few requests to log-batch as its limits allow, parameters and tags first. */
export function batchBodies(run: string, { metrics = [], params = [], tags = [] }: Batch): readonly string[] {
  const head = `{"run_id":${JSON.stringify(run)}`
  const bodies: string[] = []
  let open = noTexts()
  let bytes = 0
  let count = 0
  const close = () => {
    if (count > 0) bodies.push(`${head}${listed(open)}}`)
    open = noTexts()
    bytes = head.length + framing
    count = 0
  }
  const add = (kind: keyof Texts, most: number, text: string) => {
    const size = Buffer.byteLength(text) + 1
    if (count === mostOfAll || open[kind].length === most || bytes + size > mostBytes) close()
    open[kind].push(text)
    bytes += size
    count++
  }
  close()
  for (const entry of params) add('params', mostEntries, JSON.stringify(entry))
  for (const entry of tags) add('tags', mostEntries, JSON.stringify(entry))
  for (const metric of metrics) add('metrics', mostMetrics, metricJson(metric))
  close()
  return bodies
}

type Texts = Readonly<Record<'metrics' | 'params' | 'tags', string[]>>

function noTexts(): Texts {
  return { metrics: [], params: [], tags: [] }
}

const framing = ',"metrics":[],"params":[],"tags":[]}'.length

function listed(texts: Texts): string {
  return Object.entries(texts)
    .map(([name, all]) => (all.length === 0 ? '' : `,"${name}":[${all.join(',')}]`))
    .join('')
}

/** By hand, since there may be many: JSON itself has no word for NaN and Infinity, for which MLflow takes these. */
function metricJson({ key, value, timestamp, step }: Metric): string {
  const number = Number.isFinite(value) ? value : `"${value}"`
  return `{"key":${JSON.stringify(key)},"value":${number},"timestamp":${timestamp},"step":${step}}`
}
