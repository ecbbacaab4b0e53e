import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSamples, type Sample } from '../../../tasks/images/samples.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import { endpointVariables } from '../../../tasks/object-store/endpoint.ts'
import { type EmbeddedStore, startEmbeddedStore } from '../../../tasks/object-store/server/embedded-store.ts'
import { longPython } from '../../python-environments.ts'
import { type ForkedJob, type Left, trainRig } from './train-rig.ts'

setDefaultTimeout(600_000)

const python = await longPython('train')
if ('unavailable' in python) console.warn(`skipped: training on labelled images: ${python.unavailable}`)

const bucket = 'training'

describe.skipIf('unavailable' in python)('labelled images in a bucket', () => {
  let root = ''
  let store: EmbeddedStore
  const left = new Map<string, Left>()
  let boxes = 0

  beforeAll(async () => {
    if ('unavailable' in python) return
    root = mkdtempSync(join(tmpdir(), 'assay-labelled-'))
    store = await startEmbeddedStore({
      folder: join(root, 'store'),
      port: 0,
      region: 'us-east-1',
      accessKeyId: 'key',
      secretAccessKey: 'secret-of-the-test',
    })
    const s3 = connect(store.endpoint)
    await s3.createBucket(bucket)
    const samples = (await drawSamples(3)).filter(({ width }) => width < 2000)
    boxes = samples.reduce((sum, sample) => sum + sample.boxes.length, 0)
    for (const sample of samples) {
      // As stage 1 leaves them, and as a person's folder has them.
      await s3.put(bucket, `beside/${sample.path}`, sample.bytes)
      if (sample.boxes.length > 0)
        await s3.put(bucket, `beside/${sample.path}.boxes.json`, JSON.stringify(sample.boxes))
      await s3.put(bucket, `yolo/images/${sample.path}`, sample.bytes)
      await s3.put(bucket, `yolo/labels/${sample.path.replace(/\.\w+$/, '.txt')}`, yolo(sample))
    }
    await s3.put(bucket, 'yolo/classes.txt', `${classes.join('\n')}\n`)
    const [photo] = samples
    if (photo === undefined) throw new Error('there are no samples')
    await s3.put(bucket, 'bare/photo.jpg', photo.bytes)
    await s3.put(bucket, 'beside/torn.jpg', photo.bytes.subarray(0, 2000))
    await s3.put(bucket, 'beside/torn.jpg.boxes.json', JSON.stringify(photo.boxes))
    await s3.put(bucket, 'beside/strange.jpg', photo.bytes)
    await s3.put(bucket, 'beside/strange.jpg.boxes.json', '[{"label"')

    const rig = trainRig(python.path, root)
    const at = (name: string, variables: Readonly<Record<string, string>>): ForkedJob => ({
      out: rig.folder(name),
      variables: {
        ...endpointVariables(store.endpoint),
        DATASET_ID: name,
        TRAINING_BUCKET: bucket,
        IMAGES_PER_NODE: '0',
        BATCH_SIZE: '8',
        STEPS: '6',
        CHECKPOINT_EVERY: '6',
        ...variables,
      },
    })
    const jobs: Record<string, ForkedJob> = {
      beside: at('beside', { TRAINING_PREFIX: 'beside/' }),
      yolo: at('yolo', { TRAINING_PREFIX: 'yolo/' }),
      bare: at('bare', { TRAINING_PREFIX: 'bare/' }),
      empty: at('empty', { TRAINING_PREFIX: 'empty/' }),
      'no bucket': at('no-bucket', { TRAINING_PREFIX: 'a/', TRAINING_BUCKET: 'nowhere' }),
      'large batch': at('large', { TRAINING_PREFIX: 'yolo/', BATCH_SIZE: '512' }),
    }
    const results = await rig.forked(Object.values(jobs))
    for (const [index, name] of Object.keys(jobs).entries()) {
      const result = results[index]
      if (result) left.set(name, result)
    }
  })
  afterAll(async () => {
    await store?.close()
    if (root) rmSync(root, { recursive: true, force: true })
  })

  const info = (name: string) => JSON.parse(readFileSync(join(root, name, 'model_info.json'), 'utf8'))
  const reason = (name: string) => left.get(name)?.events.findLast((line) => line.event === 'ended')?.reason

  test('each labelled box is an example of its class, by either kind of label', () => {
    for (const name of ['beside', 'yolo']) {
      expect(left.get(name)?.code).toBe(0)
      expect(left.get(name)?.steps.length).toBe(6)
      expect(info(name).classes).toEqual(['block', 'disc', 'triangle'])
      const cut = readdirSync(join(root, 'nvme', 'cache', name), { recursive: true, encoding: 'utf8' })
      expect(cut.filter((path) => path.endsWith('.png')).length).toBe(boxes)
    }
    expect(boxes).toBeGreaterThan(40)
  })

  test('an image that can not be used is named and left out', () => {
    const failed = left.get('beside')?.events.filter((line) => line.event === 'left out')
    const because = (uri: string) => failed?.find((line) => line.uri === `s3://${bucket}/${uri}`)?.reason
    expect(because('beside/torn.jpg')).toStartWith("it can't be decoded")
    expect(because('beside/strange.jpg')).toStartWith("its labels can't be read")
    expect(because('beside/one-pixel.png')).toBe('it has no labels')
  })

  test('what can not be trained on is one sentence', () => {
    expect(reason('bare')).toBe(
      "Cannot train as 'TRAINING_PREFIX' must be where images have labels: current value is s3://training/bare/ (images: 1, with labels that can be used: 0)",
    )
    expect(reason('empty')).toBe(
      "Cannot train as 'TRAINING_PREFIX' must be where there are images: current value is s3://training/empty/",
    )
    expect(reason('no bucket')).toStartWith(
      "Cannot train as 'TRAINING_BUCKET' must be a bucket that can be read: current value is nowhere at http",
    )
    expect(reason('large batch')).toStartWith(
      "Cannot train as 'BATCH_SIZE' must be at most the images of an epoch: current value is 512 for each of 1, with",
    )
    for (const name of ['bare', 'empty', 'no bucket', 'large batch']) expect(left.get(name)?.code).toBe(2)
  })
})

const classes = ['triangle', 'disc', 'block']

function yolo({ boxes, width, height }: Sample): string {
  const lines = boxes.map((box) =>
    [
      classes.indexOf(box.label),
      (box.x + box.width / 2) / width,
      (box.y + box.height / 2) / height,
      box.width / width,
      box.height / height,
    ].join(' '),
  )
  return `${lines.join('\n')}\n`
}
