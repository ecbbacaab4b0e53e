import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endpointVariables } from '../../../tasks/object-store/endpoint.ts'
import { type RunningServer, startEmbedded } from '../../servers.ts'
import { stageCommand } from '../stage-command.ts'

setDefaultTimeout(60_000)

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-stage4-')))
let server: RunningServer
beforeAll(async () => {
  server = await startEmbedded()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const stage4 = (words: readonly string[]) =>
  stageCommand(['stage4', ...words], folder, endpointVariables(server.endpoint))

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
