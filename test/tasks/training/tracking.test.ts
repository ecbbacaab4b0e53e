import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { longPython } from '../../python-environments.ts'
import { type ForkedJob, type Left, trainRig } from './train-rig.ts'

setDefaultTimeout(600_000)

const python = await longPython('train')
if ('unavailable' in python) console.warn(`skipped: training under MLflow: ${python.unavailable}`)
const real = process.env.ASSAY_TEST_MLFLOW_URI
if (!real) console.warn('skipped: training under a real MLflow: ASSAY_TEST_MLFLOW_URI names no server')

/** What a server was told of one run. */
interface Told {
  readonly asked: string[]
  readonly authorization: Set<string | null>
  readonly steps: Set<number>
  status: string
}

/** Answers as MLflow does, or worse: only a server of our own can be told to. */
function moody(mood: (path: string, times: number) => number) {
  const told: Told = { asked: [], authorization: new Set(), steps: new Set(), status: 'none' }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const path = new URL(request.url).pathname.replace(/^\/api\/2\.0\//, '')
      const times = told.asked.filter((other) => other === path).length
      told.asked.push(path)
      told.authorization.add(request.headers.get('authorization'))
      const status = mood(path, times)
      const body = request.method === 'POST' ? JSON.parse(await request.text()) : {}
      if (status !== 200) return Response.json({ error_code: 'SOME_ERROR', message: `no ${path}` }, { status })
      if (path === 'mlflow/experiments/create') return Response.json({ experiment_id: '7' })
      if (path === 'mlflow/runs/create')
        return Response.json({
          run: { info: { run_id: 'r1', experiment_id: '7', artifact_uri: 'mlflow-artifacts:/7/r1/artifacts' } },
        })
      if (path === 'mlflow/runs/log-batch')
        for (const { key, step } of body.metrics ?? []) if (key === 'loss') told.steps.add(step)
      if (path === 'mlflow/runs/update') told.status = body.status
      if (path === 'mlflow/model-versions/create') return Response.json({ model_version: { version: '3' } })
      return Response.json({})
    },
  })
  return { told, server, uri: `http://127.0.0.1:${server.port}/` }
}

describe.skipIf('unavailable' in python)('a training under MLflow', () => {
  let root = ''
  const left = new Map<string, Left>()
  const well = moody(() => 200)
  const flaky = moody((path, times) => (path === 'mlflow/runs/log-batch' && times < 3 ? 503 : 200))
  const forbidden = moody(() => 403)
  const taken = moody((path) => (path === 'mlflow/experiments/create' ? 400 : 200))
  const failing = moody(() => 200)
  const servers = [well, flaky, forbidden, taken, failing]

  beforeAll(async () => {
    if ('unavailable' in python) return
    root = mkdtempSync(join(tmpdir(), 'assay-tracking-'))
    const rig = trainRig(python.path, root)
    const at = (name: string, uri: string, variables: Readonly<Record<string, string>> = {}): ForkedJob => ({
      out: rig.folder(name),
      variables: { MLFLOW_TRACKING_URI: uri, MODEL_NAME: 'digits', STEPS: '12', ...variables },
    })
    const jobs: Record<string, ForkedJob> = {
      well: at('well', well.uri, { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'geheim' }),
      flaky: at('flaky', flaky.uri, { MLFLOW_TRACKING_TOKEN: 'token' }),
      forbidden: at('forbidden', forbidden.uri),
      taken: at('taken', taken.uri),
      failing: { ...at('failing', failing.uri), fileLimit: 20_000 },
      ...(real && { real: at('real', real) }),
    }
    const results = await rig.forked(Object.values(jobs))
    for (const [index, name] of Object.keys(jobs).entries()) {
      const result = results[index]
      if (result) left.set(name, result)
    }
  })
  afterAll(async () => {
    for (const { server } of servers) await server.stop(true)
    if (root) rmSync(root, { recursive: true, force: true })
  })

  const twelve = new Set(Array.from({ length: 12 }, (_, at) => at + 1))
  const said = (name: string) => left.get(name)?.events.map((line) => line.event)
  const failed = (name: string) =>
    left.get(name)?.events.flatMap((line) => (line.event === 'tracking failed' ? [line.reason] : []))

  test('shows every step, its model and that it has finished', () => {
    expect(left.get('well')?.code).toBe(0)
    expect(well.told.steps).toEqual(twelve)
    expect(well.told.status).toBe('FINISHED')
    expect(well.told.asked.filter((path) => path.startsWith('mlflow-artifacts'))).toEqual([
      'mlflow-artifacts/artifacts/7/r1/artifacts/model/model.safetensors',
      'mlflow-artifacts/artifacts/7/r1/artifacts/model/model_info.json',
    ])
    expect(said('well')).toEqual(expect.arrayContaining(['tracked', 'started', 'registered', 'ended']))
    expect(well.told.authorization).toEqual(new Set([`Basic ${btoa('me:geheim')}`]))
  })

  test('loses nothing to a server that fails now and then', () => {
    expect(flaky.told.steps).toEqual(twelve)
    expect(flaky.told.status).toBe('FINISHED')
    expect(failed('flaky')?.at(-1)).toBe('503: no mlflow/runs/log-batch')
    expect(said('flaky')).not.toContain('tracking lost')
    expect(flaky.told.authorization).toEqual(new Set(['Bearer token']))
  })

  test('goes on without one that refuses it', () => {
    expect(left.get('forbidden')?.code).toBe(0)
    expect(failed('forbidden')).toEqual(['403: no mlflow/experiments/create'])
    expect(left.get('taken')?.code).toBe(0)
    expect(failed('taken')).toEqual(['400: no mlflow/experiments/create'])
  })

  test('is FAILED there when it dies', () => {
    expect(left.get('failing')?.code).toBe(2)
    expect(failing.told.status).toBe('FAILED')
    expect(failing.told.steps.size).toBeGreaterThan(0)
  })

  test.skipIf(!real)('is taken by a real server', async () => {
    expect(failed('real')).toEqual([])
    const tracked = left.get('real')?.events.find((line) => line.event === 'tracked')
    const ask = async <S extends v.GenericSchema>(path: string, schema: S) =>
      v.parse(schema, await (await fetch(`${real}/api/2.0/mlflow/${path}`)).json())
    const run = v.object({ run: v.object({ info: v.object({ status: v.string() }) }) })
    expect((await ask(`runs/get?run_id=${tracked?.run}`, run)).run.info.status).toBe('FINISHED')
    const history = v.object({ metrics: v.array(v.object({ step: v.number(), value: v.number() })) })
    const { metrics } = await ask(`metrics/get-history?run_id=${tracked?.run}&metric_key=loss`, history)
    const shown = metrics.map(({ step, value }) => ({ step, loss: value })).toSorted((a, b) => a.step - b.step)
    expect(shown).toEqual(left.get('real')?.steps.map(({ step, loss }) => ({ step, loss: Number(loss) })) ?? [])
    const versions = v.object({ model_versions: v.array(v.object({ run_id: v.string() })) })
    const { model_versions } = await ask("model-versions/search?filter=name%3D'digits'", versions)
    expect(model_versions.map(({ run_id }) => run_id)).toContain(tracked?.run ?? 'none')
  })
})
