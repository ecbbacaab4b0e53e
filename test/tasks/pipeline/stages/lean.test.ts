import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { scratch, startStore } from '../../object-store/store-rig.ts'

const task = join(import.meta.dir, '../../../../tasks/pipeline/stage1.task.ts')

test('a stage that finds nothing to do loads neither the SDK nor sharp', async () => {
  await using folder = await scratch()
  await using store = await startStore(join(folder.path, 'data'))
  for (const bucket of ['raw', 'augmented', 'manifests']) await store.s3.createBucket(bucket)
  const options = {
    ...{ inputBucket: 'raw', outputBucket: 'augmented', manifestBucket: 'manifests', dataset: 'lean' },
    ...{ inputPrefix: '', outputPrefix: 'out/', mode: 'once', nvmeRoot: join(folder.path, 'nvme'), nvmeMinGb: 0 },
    ...{ pollInterval: 1, seed: 1, variants: 1 },
  }
  const code = `
    const { default: stage } = await import(${JSON.stringify(task)})
    const context = { signal: new AbortController().signal, env: process.env, log() {}, progress() {}, emit() {} }
    const { known, images } = await stage.run(${JSON.stringify(options)}, context)
    const modules = Object.keys(require.cache).join('\\n').match(/node_modules\\/(@[^/]+\\/)?[^/]+/g)
    console.log(JSON.stringify({ known, images, modules: [...new Set(modules)].sort() }))`
  const { url, region, ...keys } = store.s3.endpoint
  const env = { PATH: process.env.PATH, S3_ENDPOINT: url, AWS_REGION: region, AWS_ACCESS_KEY_ID: keys.accessKeyId }
  const child = Bun.spawn([process.execPath, '-e', code], {
    env: { ...env, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  expect(JSON.parse(await child.stdout.text())).toEqual({
    known: 0,
    images: 0,
    modules: ['node_modules/@aws-sdk/xml-builder', 'node_modules/valibot'],
  })
}, 60_000)
