import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import * as v from 'valibot'
import { readDocument } from '../../tasks/inference/documents.ts'
import type { S3 } from '../../tasks/object-store/client.ts'
import { connect } from '../../tasks/object-store/connect.ts'
import { endpointVariables } from '../../tasks/object-store/endpoint.ts'
import { parseS3Uri } from '../../tasks/pipeline/uri.ts'
import { testPython } from '../python-environments.ts'
import { type RunningServer, startEmbedded } from '../servers.ts'
import { stageCommand } from './stage-command.ts'

// Stages 3 and 4 as tasks, one after the other: torch takes seconds to load each time.
setDefaultTimeout(60_000)

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-stages-')))
let server: RunningServer
let s3: S3
beforeAll(async () => {
  server = await startEmbedded()
  s3 = connect(server.endpoint)
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const found = await testPython('train')
if ('unavailable' in found) console.log(`Skipped: stages 3 and 4 as tasks, as there is ${found.unavailable}`)
const python = 'path' in found ? found.path : undefined
const out = join(folder, 'out')

const Step = v.object({ step: v.number(), path: v.string() })
const Stopped = v.object({
  how: v.literal('stopped'),
  checkpoints: v.tuple([Step]),
  loss: v.object({ first: v.number() }),
})

test.skipIf(python === undefined)(
  'Ctrl-C leaves a checkpoint of a training, and says how to go on to the end',
  async () => {
    // Exported, as a person may have it: whatever else has it is no part of the training.
    const variables = { ASSAY_PYTHON: python, TRAINING_OUT: out, BATCH_SIZE: '16' }
    const bystander = Bun.spawn(['sleep', '60'], { env: { PATH: process.env.PATH, TRAINING_OUT: out } })
    const words = ['stage3', ...'--steps 200 --checkpoint-every 200 --resolution 8'.split(' ')]
    let told = false
    const stopped = await stageCommand(words, folder, variables, (line, send) => {
      if (told || !line.startsWith('step 1 of 200, loss ')) return
      told = true
      send('SIGINT')
    })
    expect(stopped.code).toBe(130)
    const before = v.parse(Stopped, JSON.parse(stopped.out))
    const [{ step, path }] = before.checkpoints
    expect(path).toBe(join(out, `checkpoint-${step}`))
    expect(stopped.log.at(-1)).toBe(
      `Stopped with a checkpoint of step ${step}. The same command with --resume latest goes on from there.`,
    )

    const resumed = await stageCommand([...words, '--resume', 'latest'], folder, variables)
    expect(resumed.code).toBe(0)
    const report = JSON.parse(resumed.out)
    expect(report).toMatchObject({
      ...{ how: 'finished', out, model: join(out, 'model.safetensors'), resumed: step, saved: 1 },
      steps: { count: 200 - step, first: step + 1, last: 200, total: 200 },
      checkpoints: [{ step }, { step: 200 }],
    })
    expect(report.loss.last).toBeLessThan(before.loss.first)
    expect(report.imagesPerSecond).toBeGreaterThan(0)
    expect(bystander.signalCode).toBeNull()
    bystander.kill()
  },
)

const Report = v.object({
  ended: v.literal('done'),
  model: v.object({ name: v.string(), version: v.string() }),
  input: v.string(),
  predicted: v.number(),
  failed: v.number(),
  documents: v.array(v.string()),
  reviews: v.array(v.string()),
})

test.skipIf(python === undefined)('what stage 3 has learnt says what is in a folder', async () => {
  for (const bucket of ['pictures', 'output', 'hitl']) await s3.createBucket(bucket)
  const photos = join(folder, 'photos')
  mkdirSync(photos)
  const picture = sharp({ create: { width: 12, height: 8, channels: 3, background: 'teal' } })
  await picture.png().toFile(join(photos, 'a.png'))
  await s3.put('pictures', 'elsewhere.png', 'not asked for')

  const where = '--images photos --input-bucket pictures --output-prefix try/'.split(' ')
  const variables = { ...endpointVariables(server.endpoint), ASSAY_PYTHON: python }
  const first = await stageCommand(['stage4', '--model', out, ...where], folder, variables)
  expect(first.code).toBe(0)
  const report = v.parse(Report, JSON.parse(first.out))
  expect(report).toMatchObject({ model: { name: 'out' }, predicted: 1, failed: 0 })
  const [document = ''] = report.documents
  expect(document).toStartWith('s3://output/try/annotations/')
  const { bucket, key } = parseS3Uri(document)
  const text = new TextDecoder().decode(await s3.get(bucket, key))
  expect(readDocument(text, document, { bucket: 'pictures', prefix: '' })).toMatchObject({
    kind: 'valid',
    version: report.model.version,
    images: [`${report.input}a.png`],
    predictions: [{ width: 12, height: 8 }],
  })
})
