import { type Finding, undecided } from '../../lib/index.ts'
import { promise } from '../pipeline/judge-finding.ts'
import type { Sample } from './exposition.ts'
import type { InferenceReport, Scrape } from './report.ts'

const requests = 'inference_requests_total'
const duration = 'inference_duration_seconds'
const info = 'inference_model_info'

const names = {
  served: 'metrics are served before and after',
  format: 'metrics are in the text format 0.0.4',
  counters: 'counters equal what was done',
  histogram: 'the histogram counts every request',
  version: 'the model and its version are named',
  elsewhere: 'nothing but metrics is served',
}

/** Judges what the metrics endpoint said. */
export function judgeMetrics(report: InferenceReport): Finding[] {
  const { mode, metrics } = report
  const { before, after } = metrics
  if (mode === 'once') {
    const reason = 'a program that ends by itself takes its endpoint with it (MODE=once)'
    return Object.values(names).map((name) => undecided(name, reason))
  }
  const scrapes = { before, after }
  const served = promise(names.served, 'status 200 each time', unserved(scrapes), 2)
  const format = promise(names.format, `${kinds.join(', ')}; version=0.0.4`, malformed(scrapes), 2)
  const nothing = metrics.elsewhere === undefined ? 'no answer' : `status ${metrics.elsewhere}`
  const only = promise(names.elsewhere, 'status 404 elsewhere', metrics.elsewhere === 404 ? [] : [nothing])
  const last = samplesOf(after)
  if (last === undefined) {
    const unread = [names.counters, names.histogram, names.version]
    return [served, format, ...unread.map((name) => undecided(name, 'its metrics can not be read')), only]
  }
  return [
    served,
    format,
    countersTrue(report, samplesOf(before) ?? [], last),
    histogramWhole(last),
    versionNamed(report, last),
    only,
  ]
}

type Scrapes = Readonly<Record<'before' | 'after', Scrape | undefined>>

function unserved(scrapes: Scrapes): string[] {
  return Object.entries(scrapes).flatMap(([when, scraped]) =>
    scraped?.status === 200 ? [] : [`${when}: ${scraped ? `status ${scraped.status}` : 'no answer'}`],
  )
}

const families = { [requests]: 'counter', [duration]: 'histogram', [info]: 'gauge' }
const kinds = Object.entries(families).map(([name, type]) => `${type} ${name}`)

/** Of those that were served. */
function malformed(scrapes: Scrapes): string[] {
  return Object.entries(scrapes).flatMap(([when, scraped]) => {
    if (scraped?.status !== 200) return []
    const { contentType, exposition } = scraped
    const plain = /^text\/plain\b/.test(contentType) && /;\s*version=0\.0\.4\b/.test(contentType)
    const kind = plain ? [] : [`${when}: its content type is ${contentType || 'not given'}`]
    if (exposition.kind === 'breach') return [...kind, `${when}: ${exposition.sentence}`]
    const wrong = Object.entries(families).filter(([name, type]) => exposition.types[name] !== type)
    return [...kind, ...wrong.map(([name]) => `${when}: ${name} is ${exposition.types[name] ?? 'not there'}`)]
  })
}

function samplesOf(scraped: Scrape | undefined): readonly Sample[] | undefined {
  return scraped?.status === 200 && scraped.exposition.kind === 'valid' ? scraped.exposition.samples : undefined
}

function countersTrue({ sources, corrupt }: InferenceReport, before: readonly Sample[], after: readonly Sample[]) {
  const expected = { success: sources.length, error: corrupt.length }
  const value = (samples: readonly Sample[], status: string) =>
    samples.find(({ name, labels }) => name === requests && labels.status === status)?.value ?? 0
  const broken = Object.entries(expected).flatMap(([status, count]) => {
    const [early, late] = [value(before, status), value(after, status)]
    if (late < early) return [`${status} fell from ${early} to ${late}`]
    return late === count ? [] : [`${status} is ${late}, not ${count}`]
  })
  const others = after.filter(
    ({ name, labels, value }) =>
      name === requests && value > 0 && !(labels.status !== undefined && labels.status in expected),
  )
  const strange = others.map(({ labels, value }) => `${value} requests have the status ${labels.status ?? 'none'}`)
  const words = `${expected.success} success, ${expected.error} error`
  return promise(names.counters, words, [...broken, ...strange])
}

function histogramWhole(samples: readonly Sample[]): Finding {
  const total = sumOf(samples.filter(({ name }) => name === requests))
  const part = (name: string) => samples.filter((sample) => sample.name === `${duration}_${name}`)
  const count = sumOf(part('count'))
  const seconds = sumOf(part('sum'))
  const buckets = part('bucket').map(({ labels, value }) => ({ most: boundOf(labels.le), value }))
  const rising = buckets.toSorted((a, b) => a.most - b.most)
  const broken = [
    ...(count === total ? [] : [`it counts ${count} of ${total} requests`]),
    ...(seconds > 0 || count === 0 ? [] : [`they took ${seconds} seconds together`]),
    ...(rising.at(-1)?.most === Number.POSITIVE_INFINITY ? [] : ['it has no bucket without bound']),
    ...(rising.at(-1)?.value === count ? [] : [`its last bucket holds ${rising.at(-1)?.value ?? 0} of ${count}`]),
    ...rising.flatMap(({ most, value }, at) =>
      value < (rising[at - 1]?.value ?? 0) ? [`fewer took up to ${most} s than less`] : [],
    ),
  ]
  return promise(names.histogram, 'buckets that add up to the sum of all requests', broken)
}

function sumOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0)
}

function boundOf(le: string | undefined): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
}

/** By the metrics, and by the documents where they say so. */
function versionNamed({ model, documents }: InferenceReport, samples: readonly Sample[]): Finding {
  const named = samples.filter(({ name, value }) => name === info && value === 1)
  const [one] = named
  const { name, version } = one?.labels ?? {}
  const said = new Set(documents.flatMap((found) => (found.kind === 'valid' && found.version ? [found.version] : [])))
  const other = [...said].filter((written) => written !== version)
  const broken = [
    ...(named.length === 1 ? [] : [`${named.length} models are named`]),
    ...(one && name !== model.name ? [`its name is ${name ?? 'not given'}`] : []),
    ...(one && !version ? ['its version is not given'] : []),
    ...(version && model.version !== undefined && version !== model.version ? [`its version is ${version}`] : []),
    ...(version ? other.map((written) => `a document is by version ${written}, the metrics say ${version}`) : []),
  ]
  const expected = `${model.name}, version ${model.version ?? 'of some name'}, in ${info} and every document`
  return promise(names.version, expected, broken)
}
