import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import type { InferenceRun } from '../../../tasks/inference/run.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import { longPython } from '../../python-environments.ts'
import { freePort, launch } from '../../servers/process.ts'
import { startEmbedded } from '../../servers.ts'

const tasks = resolve(import.meta.dir, '..', '..', '..', 'tasks')
const [train, tracking] = [await longPython('train'), await longPython('mlflow')]
const python = 'path' in train ? train.path : undefined

/** Why there is no Python that could predict; undefined where there is. */
export const noPython = 'unavailable' in train ? train.unavailable : undefined

const mlflow = 'path' in tracking ? tracking.path : undefined

/** Why there is no real MLflow for tests; undefined where there is. */
export const noMlflow = 'unavailable' in tracking ? tracking.unavailable : undefined

/** A real MLflow server over a folder. */
export async function startMlflow(folder: string) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const { stop } = await launch({
    command: [
      ...[mlflow ?? '', '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${folder}/mlflow.db`, '--artifacts-destination', `${folder}/artifacts`],
    ],
    env: { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', MLFLOW_DISABLE_TELEMETRY: 'true' },
    cwd: folder,
    ready: { url: `${url}/health`, status: 200 },
    within: 120_000,
  })
  const ask = async (path: string, body: Record<string, unknown>) => {
    const headers = { 'content-type': 'application/json' }
    const options = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, options)
    if (!answer.ok) throw new Error(await answer.text())
    return answer.json()
  }
  return { url, ask, stop }
}

export const buckets = ['inference-input', 'hitl', 'output', 'raw', 'augmented', 'manifests']

export type Variables = Readonly<Record<string, string>>

/** A real store, and a folder in which a real training has left its model and the digits it was made of. */
export async function inferRig() {
  const [server, folder] = await Promise.all([startEmbedded(), mkdtemp(join(tmpdir(), 'assay-inference-'))])
  const s3 = connect(server.endpoint)
  for (const bucket of buckets) await s3.createBucket(bucket)
  const { endpoint } = server
  const environment: Variables = {
    PATH: process.env.PATH ?? '',
    S3_ENDPOINT: endpoint.url,
    AWS_REGION: endpoint.region,
    AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
    NVME_ROOT: join(folder, 'nvme'),
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const model = join(folder, 'model')
  let prefixes = 0

  /** A program of the reference pipeline, to its end; `onLine` may end it sooner. */
  async function program(script: string, variables: Variables, onLine = (_line: string, _end: () => void) => {}) {
    const child = Bun.spawn([python ?? '', join(tasks, script)], {
      env: { ...environment, ...variables },
      stdout: 'ignore',
      stderr: 'pipe',
    })
    const lines: string[] = []
    let rest = ''
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) {
        lines.push(line)
        onLine(line, () => child.kill('SIGTERM'))
      }
    }
    return { code: await child.exited, lines }
  }

  const train = (variables: Variables = {}) =>
    program('training/reference/train.py', {
      DATASET_ID: 'digits',
      RESOLUTION: '8',
      STEPS: '120',
      CHECKPOINT_EVERY: '1000',
      VALIDATE: 'no',
      TRAINING_OUT: model,
      ...variables,
    })

  return {
    s3,
    folder,
    model,
    train,
    infer: (variables: Variables, onLine?: (line: string, end: () => void) => void) =>
      program('inference/reference/infer.py', variables, onLine),
    /** The next so many of a digit, as the training has staged them. */
    digit: async (label: number, at: number) => {
      const names = await readFile(join(folder, 'nvme', 'input', 'digits', 'manifest.json'), 'utf8')
      const { objects } = JSON.parse(names)
      const name = objects.filter((name: string) => name.startsWith(`${label}/`))[at]
      return Bun.file(join(folder, 'nvme', 'input', 'digits', name)).bytes()
    },
    /** A prefix of its own in every bucket. */
    ground() {
      prefixes += 1
      const prefix = `run-${prefixes}/`
      const input = { bucket: 'inference-input', prefix: `${prefix}in/` }
      return {
        prefix,
        input,
        put: (name: string, bytes: Uint8Array) => s3.put(input.bucket, input.prefix + name, bytes),
      }
    },
    run(prefix: string, more: Partial<InferenceRun> = {}): InferenceRun {
      return {
        store: { s3, bucket: (role) => role, prefix },
        input: { bucket: 'inference-input', prefix: `${prefix}in/` },
        model: { kind: 'folder', name: 'digits', path: model },
        python: python ?? '',
        mode: 'poll',
        pollInterval: 0.05,
        variables: { PYTHONDONTWRITEBYTECODE: '1' },
        ...more,
      }
    },
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type InferRig = Awaited<ReturnType<typeof inferRig>>

/** A photo that is to be turned by its EXIF orientation: 40 × 20 as stored. */
export function turned(): Promise<Uint8Array> {
  const drawn = sharp({ create: { width: 40, height: 20, channels: 3, background: 'gray' } })
  return drawn.withMetadata({ orientation: 6 }).jpeg().toBuffer()
}
