import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { longPython } from '../../python-environments.ts'
import { moody } from './moody-mlflow.ts'
import { type ForkedJob, type Left, trainRig } from './train-rig.ts'

setDefaultTimeout(600_000)

const python = await longPython('train')
if ('unavailable' in python) console.warn(`skipped: training under MLflow: ${python.unavailable}`)
const real = process.env.ASSAY_TEST_MLFLOW_URI
if (!real) console.warn('skipped: training under a real MLflow: ASSAY_TEST_MLFLOW_URI names no server')

describe.skipIf('unavailable' in python)('a training under MLflow', () => {
  let root = ''
  const left = new Map<string, Left>()
  const well = moody(() => 200)
  // Whatever it is asked, it is busy the first time, and its answer is lost the second time.
  const flaky = moody((_, times) => (times === 0 ? 503 : times === 1 ? 'lost' : 200))
  const forbidden = moody(() => 403)
  const odd = moody((path) => (path === 'mlflow/experiments/create' ? 400 : 200))
  const page = moody(() => 'page')
  const taken = moody(
    (path) => (/^mlflow\/(experiments|registered-models)\/create$/.test(path) ? 400 : 200),
    'RESOURCE_ALREADY_EXISTS',
  )
  const full = moody(
    (path) => (path === 'mlflow/runs/log-batch' ? 500 : 200),
    'INTERNAL_ERROR',
    '(sqlite3.OperationalError) database or disk is full:',
  )
  const artless = moody((path) => (path.startsWith('mlflow-artifacts') ? 507 : 200))
  const silent = moody((path, times) => (path === 'mlflow/runs/log-batch' && times > 0 ? 'silent' : 200))
  const failing = moody(() => 200)
  const servers = [well, flaky, forbidden, odd, page, taken, full, artless, silent, failing]

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
      odd: at('odd', odd.uri),
      page: at('page', page.uri),
      taken: at('taken', taken.uri),
      // More points than one request takes.
      full: at('full', full.uri, { STEPS: '400' }),
      artless: at('artless', artless.uri),
      silent: at('silent', silent.uri, { MLFLOW_HTTP_REQUEST_TIMEOUT: '1' }),
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

  test('shows what the machine does meanwhile', () => {
    expect([...well.told.keys].filter((key) => key.startsWith('system/')).sort()).toEqual([
      'system/cpu_utilization_percentage',
      'system/system_memory_usage_megabytes',
      'system/system_memory_usage_percentage',
    ])
  })

  test('loses nothing to a server that fails now and then, and makes nothing twice', () => {
    expect(flaky.told.steps).toEqual(twelve)
    expect(flaky.told).toMatchObject({ status: 'FINISHED', runs: 1, versions: 1 })
    expect(failed('flaky')).toEqual([])
    expect(said('flaky')).toContain('registered')
    expect(said('flaky')).not.toContain('tracking lost')
    expect(flaky.told.authorization).toEqual(new Set(['Bearer token']))
  })

  test.each([
    ['forbidden', /^403: no mlflow\/experiments\/create$/],
    ['odd', /^400: no mlflow\/experiments\/create$/],
    ['page', /^what answers is no MLflow \(/],
  ])('goes on without one that does not take it: %s', (name, reason) => {
    expect(left.get(name)).toMatchObject({ code: 0, steps: { length: 12 } })
    expect(failed(name)).toEqual([expect.stringMatching(reason)])
  })

  test('uses the experiment and the registered model of a name that is taken', () => {
    expect(failed('taken')).toEqual([])
    expect(taken.told).toMatchObject({ status: 'FINISHED', runs: 1, versions: 1 })
    expect(taken.told.asked).toContain('mlflow/experiments/get-by-name')
  })

  test('says what a server that is full, or silent from a moment on, did not take', () => {
    const lost = (name: string) => left.get(name)?.events.find((line) => line.event === 'tracking lost')?.points
    expect(left.get('full')).toMatchObject({ code: 0, steps: { length: 400 } })
    expect(failed('full')?.[0]).toMatch(/^500: .*database or disk is full/)
    expect(lost('full')).toBeGreaterThanOrEqual(1200)
    expect(full.told.status).toBe('FINISHED')
    expect(left.get('silent')).toMatchObject({ code: 0, steps: { length: 12 } })
    expect(failed('silent')?.[0]).toContain('timed out')
    expect((lost('silent') ?? 0) + 3 * silent.told.steps.size).toBeGreaterThanOrEqual(36)
  })

  test('has its end there, and no model, where the server takes no files', () => {
    expect(failed('artless')).toEqual([expect.stringMatching(/^507: no mlflow-artifacts/)])
    expect(artless.told).toMatchObject({ status: 'FINISHED', versions: 0 })
    expect(artless.told.steps).toEqual(twelve)
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
