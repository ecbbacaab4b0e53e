import { expect, test } from 'bun:test'
import { type Params, parseParams } from '../../../../lib/plan/param.ts'
import { endpointFromEnv } from '../../../../tasks/object-store/endpoint.ts'
import { type StageSettings, stageEnvironment, stageVariables } from '../../../../tasks/pipeline/environment.ts'
import { stage1Options, stage2Options } from '../../../../tasks/pipeline/stage-options.ts'

const endpoint = { url: 'http://127.0.0.1:9', region: 'eu-1', accessKeyId: 'key', secretAccessKey: 'secret' }
const settings: StageSettings = {
  endpoint,
  buckets: { raw: 'my-raw', augmented: 'my-augmented', normalized: 'my-normalized', manifests: 'my-manifests' },
  inputPrefix: 'in/',
  outputPrefix: 'out/',
  dataset: 'cats',
  mode: 'poll',
  pollInterval: 0.5,
  nvmeRoot: '/nvme',
  nvmeMinGb: 2.5,
  sizes: '720p,8x6',
}

const given = (options: Params, env: Record<string, string>) =>
  Object.fromEntries(Object.entries(options).map(([name, option]) => [name, env[option.env ?? '']]))

test('every variable of the contract is given, and nothing of the caller’s own clients', () => {
  const env = stageEnvironment(settings, {
    PATH: '/bin',
    AWS_PROFILE: 'me',
    AWS_SESSION_TOKEN: 't',
    MLFLOW_RUN_ID: '1',
  })
  expect(Object.keys(env).sort()).toEqual([...stageVariables, 'PATH'].sort())
  expect(env).toMatchObject({ AWS_ENDPOINT_URL_S3: endpoint.url, RAW_PREFIX: 'in/', INPUT_PREFIX: 'in/', MODE: 'poll' })
  expect(endpointFromEnv(env)).toEqual(endpoint)
})

test('MLflow’s address is given under every name that a client reads', () => {
  const env = stageEnvironment({ ...settings, more: { MLFLOW_TRACKING_URL: 'http://m', EXTRA: '1' } })
  const { MLFLOW_TRACKING_URL, MLFLOW_TRACKING_URI, MLFLOW_REGISTRY_URL, MLFLOW_REGISTRY_URI, EXTRA } = env
  const names = [MLFLOW_TRACKING_URL, MLFLOW_TRACKING_URI, MLFLOW_REGISTRY_URL, MLFLOW_REGISTRY_URI, EXTRA]
  expect(names).toEqual(['http://m', 'http://m', 'http://m', 'http://m', '1'])
})

test('our own stages read what is given', () => {
  const env = stageEnvironment(settings)
  const common = {
    inputPrefix: 'in/',
    outputPrefix: 'out/',
    dataset: 'cats',
    mode: 'poll',
    pollInterval: 0.5,
    nvmeMinGb: 2.5,
  }
  expect(parseParams(stage1Options, given(stage1Options, env), 'run stage1')).toMatchObject({
    ...common,
    inputBucket: 'my-raw',
    outputBucket: 'my-augmented',
    manifestBucket: 'my-manifests',
    nvmeRoot: '/nvme',
  })
  expect(parseParams(stage2Options, given(stage2Options, env), 'run stage2')).toMatchObject({
    ...common,
    inputBucket: 'my-augmented',
    outputBucket: 'my-normalized',
    sizes: [{ name: '720p' }, { name: '8x6', width: 8, height: 6 }],
  })
})

test.each([
  ['mode', 'forever', 'one of once, poll'],
  ['pollInterval', '0', 'seconds from 0.01'],
  ['pollInterval', '1e3', 'seconds from 0.01'],
  ['nvmeMinGb', '-1', 'gigabytes from 0'],
  ['inputPrefix', '/in/', "empty or ending in '/' and not beginning with it"],
  ['outputPrefix', 'out', "empty or ending in '/' and not beginning with it"],
  ['inputBucket', 'a/b', 'a bucket name of 3 to 63 letters'],
  ['dataset', '..', 'letters, digits, dots, dashes and underscores'],
  ['fit', 'squeeze', 'one of contain, cover, fill'],
  ['background', 'white', 'a colour like #ffffff'],
  ['quality', '101', 'a whole number from 1 to 100'],
  ['sizes', '800x', 'a list of sizes'],
])('%s %j is refused in a sentence', (name, value, rule) => {
  const run = () => parseParams(stage2Options, { [name]: value }, 'run stage2')
  expect(run).toThrow(`Cannot run stage2 as '${name}' must be ${rule}`)
})
