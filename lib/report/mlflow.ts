import type { MetricRecord } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { TrackedRun, TrackedSample, TrackedText } from '../record/tracking-place.ts'
import { csvRecords } from './csv-records.ts'
import { endedSteps, endsOf, type StepEnd } from './ends.ts'
import { memberOf } from './html/families.ts'
import { markdown } from './markdown.ts'
import { linesForMlflow, longestParam, longestTag, type Names, namesForMlflow, textForMlflow } from './mlflow-names.ts'
import { outcomeOf, summaryText } from './summary.ts'

export interface BesideRecord {
  /** Tells this state of the journal from any other. */
  readonly state: string
  /** The text of a file of the run's folder: the samples of its measures have their times there. Undefined where it is gone. */
  read(path: string): string | undefined
}

/**
 * A run as MLflow shows it: parameters; of each metric its value (`speed/time`) and every sample as a history (`speed/time samples`, the
 * round as the step); each step's duration; what else is known as tags, what had to be called otherwise among them.
 */
export function mlflowRun(record: RunRecord, { state, read }: BesideRecord): TrackedRun {
  const { heading } = record
  const names = namesForMlflow()
  const changed: string[] = []
  const text = (what: string, key: string, given: string, longest: number): TrackedText => {
    const { value, change } = textForMlflow(given, longest)
    if (change !== undefined) changed.push(`${what} ${key} is ${change}`)
    return { key, value }
  }
  const units: string[] = []
  const metrics = endsOf(record).flatMap((step) => samplesOf(step, { record, names, read, units, changed }))
  const paramNames = namesForMlflow()
  const params = Object.entries(heading.params)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => text('the parameter', paramNames.key(name), value, longestParam))
  const tags = Object.entries(tagsOf(record)).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [text('the tag', key, value, longestTag)],
  )
  const otherwise = [...names.changed, ...paramNames.changed, ...changed]
  return {
    plan: heading.plan,
    run: heading.run,
    state,
    status: statusOf(record),
    startTime: Date.parse(record.startedAt),
    endTime: endOf(record),
    params,
    metrics,
    tags: [
      ...tags,
      { key: 'mlflow.note.content', value: linesForMlflow(noteOf(record).split('\n'), longestTag) },
      ...(units.length > 0 ? [{ key: 'assay.units', value: linesForMlflow(units, longestTag) }] : []),
      ...(otherwise.length > 0 ? [{ key: 'assay.changed', value: linesForMlflow(otherwise, longestTag) }] : []),
    ],
  }
}

/** MLflow's Markdown knows fewer escapes than GitHub's, and shows the backslash of the others. */
function noteOf(record: RunRecord): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
  return markdown(record).replace(/\\([&<>$|~!])/g, (_, letter: string) => entities[letter] ?? letter)
}

/** Nobody goes on with a run that is sent: one without an end was killed. */
function statusOf({ ended }: RunRecord): TrackedRun['status'] {
  if (ended === undefined || ended.outcome === 'aborted') return 'KILLED'
  return ended.exit === 0 ? 'FINISHED' : 'FAILED'
}

/** When it ended, or when the last was heard of it. */
function endOf(record: RunRecord): number {
  const heard = record.steps.flatMap(({ startedAt, ended }) => [startedAt, ended?.at])
  const all = [record.heading.at, record.ended?.at, ...record.services.map(({ at }) => at), ...heard]
  return Math.max(...all.flatMap((at) => (at === undefined || Number.isNaN(Date.parse(at)) ? [] : [Date.parse(at)])))
}

function tagsOf(record: RunRecord): Readonly<Record<string, string | undefined>> {
  const { heading, resumed } = record
  const { host, cpu, cores, memory, os, bun, machine, gpu, driver, commit, dirty } = heading.environment
  const wrong = endedSteps(record).filter(({ ended }) => ended.outcome === 'failed' || ended.outcome === 'errored')
  return {
    'assay.plan': heading.plan,
    'assay.kind': heading.kind,
    'assay.title': heading.title,
    'assay.tags': heading.tags.join(', '),
    'assay.outcome': outcomeOf(record),
    'assay.summary': summaryText(record),
    'assay.reason': record.ended?.reason,
    'assay.wrong': wrong.map(({ name }) => name).join('\n'),
    'assay.resumed': resumed > 0 ? String(resumed) : undefined,
    'assay.again': heading.again,
    'assay.host': host,
    'assay.cpu': cpu,
    'assay.cores': String(cores),
    'assay.memory': String(memory),
    'assay.os': os,
    'assay.bun': bun,
    'assay.machine': machine,
    'assay.gpu': gpu,
    'assay.driver': driver,
    'assay.commit': commit,
    'assay.dirty': dirty === undefined ? undefined : String(dirty),
    // What MLflow's page has columns for.
    'mlflow.source.name': heading.again,
    'mlflow.source.type': 'LOCAL',
    'mlflow.source.git.commit': commit,
  }
}

interface Gathering {
  readonly record: RunRecord
  readonly names: Names
  readonly read: BesideRecord['read']
  readonly units: string[]
  readonly changed: string[]
}

function samplesOf(step: StepEnd, gathering: Gathering): readonly TrackedSample[] {
  const { record, names, units } = gathering
  const begun = step.startedAt === undefined ? Date.parse(record.startedAt) : Date.parse(step.startedAt)
  const over = Math.round(begun + (step.duration ?? 0) * 1000)
  const times = timesOf(step, begun, gathering.read)
  const all = step.metrics.flatMap((metric) => {
    const { value } = memberOf(metric)
    const own = value === undefined ? [] : [{ key: names.key(step.name, metric.name), value, timestamp: over, step: 0 }]
    const key = metric.samples.length === 0 ? '' : names.key(step.name, `${metric.name} samples`)
    const history = metric.samples.map((value, index) => ({
      key,
      value,
      timestamp: times(metric)[index] ?? over,
      step: index + 1,
    }))
    for (const name of [own[0]?.key, key]) if (name) units.push(`${name}: ${metric.unit}`)
    return finite([...own, ...history], gathering.changed)
  })
  if (step.duration === undefined) return all
  const key = names.key(step.name, 'duration')
  units.push(`${key}: s`)
  return [...all, { key, value: step.duration, timestamp: over, step: 0 }]
}

/** MLflow's databases know no infinity and keep the largest number in its place: better said, and the same in all of them. */
function finite(samples: readonly TrackedSample[], changed: string[]): readonly TrackedSample[] {
  const infinite = samples.filter(({ value }) => value === Infinity || value === -Infinity)
  for (const { key, step } of infinite) changed.push(`${key}, step ${step}: an infinity is the largest number`)
  if (infinite.length === 0) return samples
  return samples.map((sample) => ({ ...sample, value: within(sample.value) }))
}

function within(value: number): number {
  return Number.isNaN(value) ? value : Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))
}

/** When each sample that counts was taken, where the measure's file of samples is there and has as many; else when the measure was over. */
function timesOf(
  { metrics }: StepEnd,
  begun: number,
  read: BesideRecord['read'],
): (metric: MetricRecord) => readonly number[] {
  const texts = new Set(metrics.flatMap(({ raw }) => raw ?? [])).values().toArray().map(read)
  const rows = texts
    .flatMap((text) => (text === undefined ? [] : csvRecords(text)))
    .filter(({ round }) => round !== '0')
  const taken = Map.groupBy(rows, ({ metric = '', variant }) => (variant ? `${metric}[${variant}]` : metric))
  return ({ name, samples }) => {
    const own = taken.get(name) ?? []
    return own.length === samples.length ? own.map(({ at_s }) => Math.round(begun + Number(at_s) * 1000)) : []
  }
}
