import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import * as v from 'valibot'
import type { RunningService } from '../../../lib/plan/service.ts'
import type { MlflowClient } from '../../../tasks/mlflow/client.ts'
import { mlflow } from '../../../tasks/mlflow/service.ts'
import { longPython } from '../../python-environments.ts'
import { serviceContext } from '../object-store/store-rig.ts'

const asked = await longPython('mlflow')
/** Its interpreter. */
export const python = 'path' in asked ? asked.path : undefined

/** Why there is no real MLflow for tests; undefined where there is. */
export const noMlflow = 'unavailable' in asked ? asked.unavailable : undefined

const found = v.array(
  v.object({
    id: v.string(),
    name: v.string(),
    status: v.string(),
    start: v.number(),
    end: v.nullable(v.number()),
    params: v.record(v.string(), v.string()),
    tags: v.record(v.string(), v.string()),
    /** Step, time and value of every sample. */
    metrics: v.record(v.string(), v.array(v.tuple([v.number(), v.number(), v.string()]))),
    /** The SHA-256 of each. */
    files: v.record(v.string(), v.string()),
  }),
)
export type FoundInMlflow = v.InferOutput<typeof found>[number]

/** A real MLflow server by way of the service that plans use, and what MLflow's own client reads there. */
export async function realServer() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-mlflow-'))
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ASSAY_PYTHON: python }
  const service: RunningService<MlflowClient> = await mlflow().start(serviceContext(folder, env))
  await service.ready(AbortSignal.timeout(10_000))
  const { client } = service
  // One for all questions: it takes seconds to load.
  const reader = Bun.spawn([python ?? '', join(import.meta.dir, 'read_back.py'), client.url], {
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const answers = createInterface({ input: Readable.fromWeb(reader.stdout) })[Symbol.asyncIterator]()
  return {
    client,
    folder,
    detail: service.detail,
    async readBack(experiment: string): Promise<readonly FoundInMlflow[]> {
      reader.stdin.write(`${experiment}\n`)
      reader.stdin.flush()
      const { value } = await answers.next()
      return v.parse(found, JSON.parse(value ?? 'null'))
    },
    async end(): Promise<void> {
      reader.stdin.end()
      await reader.exited
      await service.stop(5000)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type RealServer = Awaited<ReturnType<typeof realServer>>
