import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import * as v from 'valibot'
import { readDocument } from '../../../tasks/inference/documents.ts'
import type { S3 } from '../../../tasks/object-store/client.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import { endpointVariables } from '../../../tasks/object-store/endpoint.ts'
import { parseS3Uri } from '../../../tasks/pipeline/uri.ts'
import { testPython } from '../../python-environments.ts'
import { type RunningServer, startEmbedded } from '../../servers.ts'
import { stageCommand, type Variables } from '../stage-command.ts'

setDefaultTimeout(60_000)

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-stage4-')))
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

const stage4 = (words: readonly string[], variables: Variables = {}) =>
  stageCommand(['stage4', ...words], folder, { ...endpointVariables(server.endpoint), ...variables })

test.each([
  [['--review-confidence', 'much'], "Cannot run stage4 as 'reviewConfidence' must be a number from 0: "],
  [['--mode', 'twice'], "Cannot run stage4 as 'mode' must be one of once, poll: current value is twice"],
  [[], "Cannot run stage 4 as 'model' must be a folder that a training left, or the name of a registered model: "],
  [['--model', './nowhere'], "Cannot run the inference as 'model' must be a folder with model_info.json, "],
  [['--model', 'digits'], `Cannot run stage 4 as 'bucket' must be there at `],
])('%p is one sentence before anything is made', async (words, sentence) => {
  const { code, out, log } = await stage4(words)
  expect([code, out, log.length]).toEqual([2, '', 1])
  expect(log[0]).toStartWith(sentence)
})

test('--help says what it reads', async () => {
  const { code, out } = await stage4(['--help'])
  expect(code).toBe(0)
  for (const variable of ['MODEL_PATH', 'INFERENCE_INPUT_BUCKET', 'MODE']) expect(out).toContain(` ${variable} `)
})

const found = await testPython('train')
if ('unavailable' in found) console.log(`Skipped: stage 4 as a task, as there is ${found.unavailable}`)
const python = 'path' in found ? found.path : undefined

const Report = v.object({
  ended: v.literal('done'),
  model: v.object({ name: v.string(), version: v.string() }),
  input: v.string(),
  predicted: v.number(),
  failed: v.number(),
  documents: v.array(v.string()),
  reviews: v.array(v.string()),
})

test.skipIf(python === undefined)('what stage 3 has learnt says what is in a folder, once', async () => {
  const variables = { ASSAY_PYTHON: python }
  const few = ['--steps', '4', '--resolution', '8', '--validate', 'no']
  const { model } = JSON.parse((await stageCommand(['stage3', ...few], folder, variables)).out)
  for (const bucket of ['pictures', 'output', 'hitl']) await s3.createBucket(bucket)
  const photos = join(folder, 'photos')
  mkdirSync(photos)
  const picture = sharp({ create: { width: 12, height: 8, channels: 3, background: 'teal' } })
  await picture.png().toFile(join(photos, 'a.png'))
  await s3.put('pictures', 'elsewhere.png', 'not asked for')

  const words = [
    '--model',
    join(model, '..'),
    '--images',
    'photos',
    '--input-bucket',
    'pictures',
    '--output-prefix',
    'try/',
  ]
  const first = await stage4(words, variables)
  expect(first.code).toBe(0)
  const report = v.parse(Report, JSON.parse(first.out))
  expect(report).toMatchObject({ model: { name: 'digits' }, predicted: 1, failed: 0 })
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

  const again = v.parse(Report, JSON.parse((await stage4(words, variables)).out))
  expect([again.predicted, again.documents]).toEqual([0, []])
})
