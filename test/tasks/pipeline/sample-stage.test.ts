import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, Problem } from '../../../lib/index.ts'
import { parseSizes } from '../../../tasks/images/sizes.ts'
import type { S3 } from '../../../tasks/object-store/client.ts'
import { readSources } from '../../../tasks/pipeline/black-box-objects.ts'
import type { StageRun } from '../../../tasks/pipeline/black-box-start.ts'
import { sampleStage } from '../../../tasks/pipeline/sample-stage.ts'
import type { KnownOutputs } from '../../../tasks/pipeline/sample-verify.ts'
import { stageSamples } from '../../../tasks/pipeline/stage-samples.ts'
import { buckets, fixture, ground, quietContext, type Rig, startRig } from './stage-rig.ts'

setDefaultTimeout(120_000)

let rig: Rig
let run: StageRun
let folder = ''
beforeAll(async () => {
  rig = await startRig()
  folder = await mkdtemp(join(tmpdir(), 'assay-sample-'))
})
afterAll(async () => {
  await rig.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  run = await ground(rig, 'stage2')
})

/** The clock of a measure, and what it was asked to time. */
function clock() {
  const calls: unknown[] = []
  const time = async <T>(operation: () => T, options?: { readonly times?: number }) => {
    calls.push(options?.times)
    const from = performance.now()
    const value = await operation()
    return { seconds: (performance.now() - from) / 1000, value }
  }
  return { calls, time }
}

async function sample(
  command: string,
  { known = new Map(), own = run }: { known?: KnownOutputs; own?: StageRun } = {},
) {
  const { calls, time } = clock()
  const sources = await readSources(own.store.s3, own.input)
  const context = { ...quietContext(), folder }
  const taken = await sampleStage({ stage: 'stage2', run: { ...own, command }, sources, known, time }, context)
  return { ...taken, calls }
}

async function everyKey(s3: S3): Promise<readonly string[]> {
  return (await Promise.all(buckets.map((bucket) => s3.list(bucket, '')))).flat().map(({ key }) => key)
}

/** As its own, but told of each object that is fetched. */
function listening(own: StageRun, heard: string[]): StageRun {
  const get: S3['get'] = (bucket, key) => {
    heard.push(key)
    return own.store.s3.get(bucket, key)
  }
  return { ...own, store: { ...own.store, s3: { ...own.store.s3, get } } }
}

describe('a sample of a stage', () => {
  test.each(['', fixture('stage2')])(
    'is one run of %p and what it took, and leaves nothing behind',
    async (command) => {
      const before = await everyKey(rig.store.s3)
      const { seconds, images, usage, uploads, calls } = await sample(command)
      expect({ images, calls }).toEqual({ images: 3, calls: [1] })
      expect(seconds).toBeGreaterThan(0.05)
      expect(usage.cpuSeconds).toBeGreaterThan(0.05)
      if (process.platform === 'linux') expect(usage.memory).toBeGreaterThan(20e6)
      expect(uploads).toMatchObject({ kind: 'seen', by: 'store' })
      // But for the marks that a stage of somebody's keeps where only it knows.
      expect((await everyKey(rig.store.s3)).filter((key) => !key.startsWith('done/'))).toEqual([...before])
      expect(await readdir(folder)).toEqual(['stage2.log'])
    },
  )

  test('knows outputs that it has decoded before, and reads only what is new', async () => {
    const known: KnownOutputs = new Map()
    const outputs = async () => {
      const heard: string[] = []
      await sample('', { known, own: listening(run, heard) })
      return heard.filter((key) => key.includes('/normalized/')).length
    }
    expect(await outputs()).toBe(9)
    expect(await outputs()).toBe(0)
  })

  test.each([
    'corrupts',
    'wrong-dimensions',
    'drops-one-image',
    'one-size-twice',
    'names-what-is-not-there',
    'leaves-one-out',
    'no-manifest',
  ])('that %s has no speed', async (quirk) => {
    const taken = sample(fixture('stage2', quirk))
    await expect(taken).rejects.toBeInstanceOf(Failure)
    await expect(taken).rejects.toThrow('What stage2 left is wrong, and so has no speed: ')
  })

  test('that crashes is a Failure with the last lines of its log', async () => {
    const crashed = sample('echo its last words; exit 3')
    await expect(crashed).rejects.toBeInstanceOf(Failure)
    await expect(crashed).rejects.toThrow(/stage2 exited with 3.*its last words/s)
  })

  test('that does not end is stopped at its deadline', async () => {
    const own = { ...run, waits: { deadline: 0.5, grace: 0.5 } }
    const hangs = sample(fixture('stage2', 'hangs'), { own })
    await expect(hangs).rejects.toBeInstanceOf(Failure)
    await expect(hangs).rejects.toThrow('has not ended after 0.5 seconds, with MODE=once')
  })

  test('is cancelled by its signal, its stage with it', async () => {
    const stop = new AbortController()
    const marker = join(folder, 'begun')
    const context = { ...quietContext(stop.signal), folder }
    const sources = await readSources(run.store.s3, run.input)
    const command = `touch '${marker}'; exec ${fixture('stage2', 'hangs')}`
    const options = {
      stage: 'stage2',
      run: { ...run, command },
      sources,
      known: new Map(),
      time: clock().time,
    } as const
    const taken = sampleStage(options, context)
    taken.catch(() => {})
    while (!(await Bun.file(marker).exists())) await Bun.sleep(5)
    stop.abort(new Error('told to stop'))
    await expect(taken).rejects.toThrow('told to stop')
  })

  test('that cannot be started is a Problem and no Failure', async () => {
    await expect(sample('no-such-program')).rejects.toBeInstanceOf(Problem)
  })
})

test('measures that ask for the same round see the same run; rounds that warm up are run each time', async () => {
  const { store, input } = run
  let started = 0
  const count = `started=$(($(cat '${folder}/count' 2>/dev/null || echo 0) + 1)); echo $started > '${folder}/count'`
  const samples = stageSamples('stage2', {
    command: `${count}; exec ${fixture('stage2')}`,
    sizes: parseSizes('64x48,32x24'),
  })
  const keys = (await store.s3.list(input.bucket, input.prefix)).map(({ key }) => key)
  const raw = { ...input, keys, bytes: 0 }
  const take = async (variant: string, round: number) => {
    const taken = await samples.take({ store, raw }, { ...quietContext(), variant, round, time: clock().time })
    started = Number(await Bun.file(join(folder, 'count')).text())
    return taken
  }
  const one = await take('1', 1)
  expect(await take('1', 1)).toBe(one)
  expect(started).toBe(1)
  expect(one.images).toBe(3)
  const two = await take('2', 1)
  expect([two === one, started]).toEqual([false, 2])
  await take('1', 0)
  await take('1', 0)
  expect(started).toBe(4)
})
