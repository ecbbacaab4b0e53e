import * as v from 'valibot'
import type { Metric } from './batches.ts'
import type { Artifact, MlflowRun, ModelVersion } from './client.ts'
import { notMlflow } from './trouble.ts'

// What MLflow answers, as far as it is read. Numbers may come as text: 64-bit ones do where protobuf writes them.

const whole = v.pipe(v.union([v.number(), v.string()]), v.transform(Number))
const number = v.pipe(v.union([v.number(), v.string()]), v.transform(Number))
const text = v.optional(v.string(), '')
const entries = v.pipe(
  v.optional(v.array(v.object({ key: v.string(), value: text })), []),
  v.transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, value]))),
)
const metric = v.pipe(
  v.object({ key: v.string(), value: number, timestamp: whole, step: v.optional(whole, 0) }),
  v.transform((found): Metric => found),
)
const info = v.object({
  run_id: v.string(),
  experiment_id: v.string(),
  run_name: text,
  status: v.picklist(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
  start_time: v.optional(whole, 0),
  end_time: v.optional(whole),
  artifact_uri: text,
})
const data = v.object({ params: entries, tags: entries, metrics: v.optional(v.array(metric), []) })

const run = v.pipe(
  v.object({ info, data: v.optional(data, {}) }),
  v.transform(
    ({ info, data }): MlflowRun => ({
      id: info.run_id,
      experiment: info.experiment_id,
      name: info.run_name,
      status: info.status,
      startTime: info.start_time,
      endTime: info.end_time || undefined,
      artifactUri: info.artifact_uri,
      ...data,
    }),
  ),
)

const modelVersion = v.pipe(
  v.object({ name: v.string(), version: v.union([v.string(), v.number()]), source: text, run_id: text, status: text }),
  v.transform(
    ({ name, version, run_id, ...rest }): ModelVersion => ({
      model: name,
      version: String(version),
      run: run_id,
      ...rest,
    }),
  ),
)

/** An answer that says no more than that it was done. */
export const anything = v.record(v.string(), v.unknown())
export const runAnswer = v.object({ run })
export const runsAnswer = v.object({ runs: v.optional(v.array(run), []), next_page_token: text })
export const historyAnswer = v.object({ metrics: v.optional(v.array(metric), []), next_page_token: text })
export const experimentsAnswer = v.object({ experiments: v.array(v.object({ experiment_id: v.string() })) })
export const experimentMade = v.object({ experiment_id: v.string() })
export const experimentAnswer = v.object({
  experiment: v.object({ experiment_id: v.string(), lifecycle_stage: v.optional(v.string(), 'active') }),
})
export const versionAnswer = v.object({ model_version: modelVersion })
export const versionsAnswer = v.object({ model_versions: v.optional(v.array(modelVersion), []), next_page_token: text })
export const artifactsAnswer = v.object({
  files: v.optional(
    v.array(
      v.pipe(
        v.object({ path: v.string(), is_dir: v.optional(v.boolean(), false), file_size: v.optional(whole, 0) }),
        v.transform(
          ({ path, is_dir, file_size }): Artifact => ({ path, kind: is_dir ? 'folder' : 'file', size: file_size }),
        ),
      ),
    ),
    [],
  ),
  next_page_token: text,
})

/** What was answered, in the form that MLflow gives it. */
export function read<T>(schema: v.GenericSchema<unknown, T>, answer: unknown): T {
  const found = v.safeParse(schema, answer)
  if (found.success) return found.output
  const [issue] = found.issues
  throw notMlflow(`its answer is none of MLflow's: ${v.getDotPath(issue) ?? 'all of it'}: ${issue.message}`)
}
