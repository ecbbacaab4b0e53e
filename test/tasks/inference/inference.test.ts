import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cp, mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { readExposition } from '../../../tasks/inference/exposition.ts'
import { runInference } from '../../../tasks/inference/inference.ts'
import { judgeInference } from '../../../tasks/inference/judge.ts'
import { InferenceReport } from '../../../tasks/inference/report.ts'
import { augmentStage } from '../../../tasks/pipeline/stage/augment-stage.ts'
import { runStage } from '../../../tasks/pipeline/stage/run-stage.ts'
import { prometheusClient } from '../../servers/install.ts'
import { type InferRig, inferRig, noMlflow, noPython, startMlflow, turned } from './infer-rig.ts'

// torch takes its time to load where the machine is busy.
setDefaultTimeout(240_000)
if (noPython) console.log(`skipped: the reference inference, as there is ${noPython}`)
else if (noMlflow) console.log(`skipped: a model from a real registry, as there is ${noMlflow}`)

const Versions = v.object({ model_versions: v.tuple([v.object({ source: v.string(), run_id: v.string() })]) })
const quiet = { signal: new AbortController().signal, log: () => {}, progress: () => {} }
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe.skipIf(noPython !== undefined)('the reference inference', () => {
  let rig: InferRig
  beforeAll(async () => {
    rig = await inferRig()
    const { code, lines } = await rig.train()
    if (code !== 0) throw new Error(lines.slice(-20).join('\n'))
  })
  afterAll(() => rig?.stop())

  test('predicts what it was trained to, passes every promise, and Stage 1 reads what it wrote', async () => {
    const { prefix, put, input } = rig.ground()
    for (let label = 0; label < 10; label++) await put(`deep/${label}.png`, await rig.digit(label, 30))
    await put('turned ö.jpg', await turned())
    const whole = await rig.digit(3, 31)
    await put('truncated.png', whole.slice(0, whole.length - 30))
    await put('no image.png', new TextEncoder().encode('this is none'))
    await put('notes.txt', new TextEncoder().encode('no image either'))
    let served: Promise<string> | undefined
    const log = (line: string) => {
      if (line.includes('"summary"')) served = fetch(addressIn(lines)).then((answer) => answer.text())
      lines.push(line)
    }
    const lines: string[] = []
    const report = await runInference(rig.run(prefix, { reviewConfidence: 0.6 }), { ...quiet, log })

    expect(v.parse(InferenceReport, JSON.parse(JSON.stringify(report)))).toEqual(report)
    const findings = judgeInference(report)
    expect(findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(findings).toHaveLength(12)
    expect([report.sources.length, report.corrupt.length]).toEqual([11, 2])
    const predictions = report.documents.flatMap((found) => (found.kind === 'valid' ? found.predictions : []))
    const right = predictions.filter(({ uri, category }) => uri.endsWith(`/deep/${category}.png`))
    expect(right.length).toBeGreaterThanOrEqual(8)
    const photo = predictions.find(({ uri }) => uri.endsWith('turned ö.jpg'))
    expect(photo).toMatchObject({ width: 20, height: 40, box: [0, 0, 20, 40] })
    expect(report.ended).toEqual({ stop: 'term', code: 0 })

    await readByPrometheus((await served) ?? '')
    await readByStage1(report, input)
  })

  /** A real client reads the same samples as we do. */
  async function readByPrometheus(metrics: string) {
    expect(metrics).toContain('inference_requests_total{status="error"} 2')
    const client = await prometheusClient()
    if ('unavailable' in client)
      return console.log(`skipped: reading metrics as Prometheus does (${client.unavailable})`)
    const child = Bun.spawn(['python3', join(import.meta.dir, 'parse_metrics.py')], {
      env: { PATH: process.env.PATH, PYTHONPATH: client.path },
      stdin: new Blob([metrics]),
      stdout: 'pipe',
    })
    const samples = (await child.stdout.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const ours = readExposition(metrics, '')
    if (ours.kind === 'breach') throw new Error(ours.sentence)
    expect(samples.map(([, name, labels, value]) => ({ name, labels, value }))).toEqual(ours.samples)
    const types = new Map(samples.map(([type, name]) => [name, type]))
    expect(types.get('inference_requests_total')).toBe('counter')
    expect(types.get('inference_duration_seconds_bucket')).toBe('histogram')
  }

  /** The images it predicted, the document beside each, through the stage that images come in by. */
  async function readByStage1({ documents }: InferenceReport, input: { bucket: string; prefix: string }) {
    const [{ uri } = { uri: '' }] = documents
    const coco = await rig.s3.get('output', uri.replace('s3://output/', ''))
    for (const name of ['deep/4.png', 'turned ö.jpg']) {
      await rig.s3.put('raw', `again/${name}`, await rig.s3.get(input.bucket, input.prefix + name))
      await rig.s3.put('raw', `again/${name}.coco.json`, coco)
    }
    const options = {
      inputBucket: 'raw',
      inputPrefix: 'again/',
      outputBucket: 'augmented',
      outputPrefix: 'again/',
      manifestBucket: 'manifests',
      dataset: 'again',
      mode: 'once',
      pollInterval: 1,
      nvmeRoot: join(rig.folder, 'stage1'),
      nvmeMinGb: 0.001,
    } as const
    const summary = await runStage(augmentStage({ seed: 1, variants: 1 }), rig.s3, options, quiet)
    expect(summary).toMatchObject({ images: 2, failed: 0 })
    const boxes = JSON.parse(text(await rig.s3.get('augmented', 'again/deep/4.png.1.png.boxes.json')))
    expect(boxes).toHaveLength(1)
    const manifest = JSON.parse(
      text(await rig.s3.get('manifests', summary.manifests[0]?.slice('s3://manifests/'.length) ?? '')),
    )
    expect(manifest.objects.map(({ annotation_format }: { annotation_format: string }) => annotation_format)).toEqual([
      'coco',
      'coco',
    ])
  }

  test('that is told to stop keeps what it has done, and goes on from there without doing anything twice', async () => {
    const { prefix, put, input } = rig.ground()
    const names = Array.from({ length: 30 }, (_, at) => `${at}.png`)
    for (const [at, name] of names.entries()) await put(name, await rig.digit(at % 10, at))
    const variables = {
      INPUT_PREFIX: input.prefix,
      OUTPUT_PREFIX: prefix,
      MODEL_PATH: rig.model,
      MODEL_NAME: 'digits',
      MODE: 'once',
    }
    const first = await rig.infer(variables, (line, end) => {
      if (line.includes('"staged"')) end()
    })
    expect(first.code).toBe(143)
    const before = await namedIn(prefix)
    expect(before.length).toBeGreaterThan(0)
    expect(before.length).toBeLessThan(30)
    const second = await rig.infer(variables)
    expect(second.code).toBe(0)
    expect((await namedIn(prefix)).sort()).toEqual([...names].sort())
  })

  async function namedIn(prefix: string): Promise<string[]> {
    const found = await rig.s3.list('output', `${prefix}annotations/`)
    const documents = await Promise.all(found.map(async ({ key }) => JSON.parse(text(await rig.s3.get('output', key)))))
    return documents.flatMap(({ images }) => images.map(({ file_name }: { file_name: string }) => file_name))
  }

  describe.skipIf(noMlflow !== undefined)('from a real registry', () => {
    test('takes the newest version, and says which', async () => {
      const folder = join(rig.folder, 'mlflow')
      await mkdir(folder)
      const server = await startMlflow(folder)
      try {
        // A name that a filter must quote.
        const name = "it's digits"
        const environment = { MLFLOW_TRACKING_URI: server.url, MLFLOW_REGISTRY_URI: server.url }
        const trained = await rig.train({
          ...{ MODEL_NAME: name, MLFLOW_TRACKING_URI: server.url },
          ...{ STEPS: '2', TRAINING_OUT: join(rig.folder, 'registered') },
        })
        expect(trained.lines.join('\n')).toContain('"registered"')
        const found = await fetch(`${server.url}/api/2.0/mlflow/model-versions/search`)
        const { model_versions } = v.parse(Versions, await found.json())
        const [{ source, run_id }] = model_versions
        for (const _ of ['2', '3']) await server.ask('model-versions/create', { name, source, run_id })

        const { prefix, put } = rig.ground()
        for (let label = 0; label < 3; label++) await put(`${label}.png`, await rig.digit(label, 1))
        const classes = Array.from({ length: 10 }, (_, digit) => String(digit))
        const model = { kind: 'registered', name, environment, version: '3', classes } as const
        const report = await runInference(rig.run(prefix, { model, reviewConfidence: 1 }), quiet)
        expect(judgeInference(report).filter(({ verdict }) => verdict !== 'pass')).toEqual([])
        // With 1 all of them are for review.
        expect(report.reviews.flatMap((found) => (found.kind === 'valid' ? found.images : []))).toHaveLength(3)

        await server.ask('registered-models/create', { name: 'away' })
        await server.ask('model-versions/create', { name: 'away', source: 's3://bucket/model' })
        const refusals = [
          ['away', "its artifacts are at s3://bucket/model, and not the server's to give"],
          ['nobody', `must be a model registered at ${server.url}: current value is nobody`],
        ] as const
        for (const [MODEL_NAME, sentence] of refusals) {
          const { code, lines } = await rig.infer({ ...environment, MODEL_NAME })
          expect([code, lines.at(-1)]).toEqual([2, expect.stringContaining(sentence)])
        }
      } finally {
        await server.stop()
      }
    })
  })

  describe('refuses a model that does not fit', () => {
    test.each<[string, (info: { input: object; sha256: string }) => object, string]>([
      ['without classes', ({ input }) => ({ input }), 'has classes, input and sha256'],
      [
        'of other weights',
        (info) => ({ ...info, sha256: 'f'.repeat(64) }),
        'is the one that its model_info.json names',
      ],
      [
        'of other channels',
        (info) => ({ ...info, input: { ...info.input, channels: 3 } }),
        "reference training's network",
      ],
      ['of no square', (info) => ({ ...info, input: { ...info.input, width: 9 } }), 'of square images'],
    ])('%s', async (_what, change, sentence) => {
      const folder = await mkdtemp(join(rig.folder, 'model-'))
      await cp(rig.model, folder, { recursive: true })
      const info = join(folder, 'model_info.json')
      await Bun.write(info, JSON.stringify(change(await Bun.file(info).json())))
      const { code, lines } = await rig.infer({ MODEL_PATH: folder })
      expect([code, lines.at(-1)]).toEqual([2, expect.stringContaining(sentence)])
    })
  })

  test('refuses a port that is taken', async () => {
    const METRICS_PORT = new URL(rig.s3.endpoint.url).port
    const { code, lines } = await rig.infer({ MODEL_PATH: rig.model, METRICS_PORT })
    const sentence = `Cannot serve metrics as 'METRICS_PORT' must be a port that is free: current value is ${METRICS_PORT}`
    expect([code, lines.at(-1)]).toEqual([2, expect.stringContaining(sentence)])
  })

  describe('refuses in one sentence', () => {
    const silent = 'http://127.0.0.1:9'
    test.each<[string, Record<string, string>, string]>([
      ['no model', { MODEL_PATH: '' }, "'MODEL_NAME' must be the name of a registered model"],
      [
        'no MLflow',
        { MODEL_PATH: '', MODEL_NAME: 'x' },
        "'MLFLOW_REGISTRY_URI' must be the address of an MLflow server",
      ],
      [
        'an MLflow that is down',
        { MODEL_PATH: '', MODEL_NAME: 'x', MLFLOW_TRACKING_URI: silent },
        `${silent} can't be reached`,
      ],
      ['a folder that is not there', { MODEL_PATH: '/nowhere' }, 'model.safetensors and model_info.json'],
      ['a mode that is none', { MODE: 'twice' }, "'MODE' must be one of once, poll: current value is twice"],
      ['a port that is none', { METRICS_PORT: '70000' }, "'METRICS_PORT' must be a number from 0 to 65535"],
      ['a confidence in percent', { REVIEW_CONFIDENCE: '90' }, "'REVIEW_CONFIDENCE' must be a number from 0 to 1"],
      ['a pause that is no number', { POLL_INTERVAL: 'often' }, "'POLL_INTERVAL' must be a number from 0.01"],
      ['a bucket that is not there', { HITL_BUCKET: 'nobody' }, "'HITL_BUCKET' must be a bucket there is at"],
      ['a disk that is none', { NVME_ROOT: '/dev/null/x' }, "'NVME_ROOT' must be a folder that can be written"],
    ])('%s', async (_what, variables, sentence) => {
      const { code, lines } = await rig.infer({ MODEL_PATH: rig.model, MODEL_NAME: '', ...variables })
      expect(lines.at(-1)).toContain(sentence)
      expect([code, lines.filter((line) => line.startsWith('Traceback'))]).toEqual([2, []])
    })
  })
})

function addressIn(lines: readonly string[]): string {
  const line = lines.find((line) => line.includes('"serving"')) ?? '{}'
  return JSON.parse(line).url
}
