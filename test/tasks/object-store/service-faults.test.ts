import { describe, expect, test } from 'bun:test'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceContext } from '../../../lib/plan/service.ts'
import type { Faults } from '../../../tasks/object-store/faults.ts'
import { objectStore } from '../../../tasks/object-store/service.ts'
import { scratch, sentenceOf, serviceContext } from './store-rig.ts'

const faults: Faults = { rate: 1, kinds: ['503 SlowDown'], seed: 7, first: 1 }
const line = 'rate=1,kinds=503 SlowDown,seed=7,first=1'
const said =
  'The embedded object store MISBEHAVES ON PURPOSE: every request, the first time it is made, seed 7, 503 SlowDown'

/** Starts the store, puts one object, stops it. */
async function putOne(context: ServiceContext, faults?: Faults) {
  const running = await objectStore({ buckets: ['raw'], ...(faults && { faults }) }).start(context)
  await running.ready(AbortSignal.timeout(20_000))
  await running.client.s3.put('raw', 'a', 'body')
  running.client.repeated(3)
  await running.stop(3000)
  return { detail: running.detail, retries: running.retries?.() }
}

describe('a store that misbehaves', () => {
  test.each([
    ['by the variable', { ASSAY_FAULTS: line }, undefined],
    ['by the option', {}, faults],
    ['by the variable, which wins', { ASSAY_FAULTS: line }, { ...faults, seed: 8 }],
  ] as const)('%s says so before, and what it did and what was repeated after', async (_, env, option) => {
    await using folder = await scratch()
    const logged: string[] = []
    const context = serviceContext(folder.path, env)
    const { detail, retries } = await putOne({ ...context, log: (line) => void logged.push(line) }, option)
    expect(retries).toBe(5)
    expect(detail).toStartWith('embedded, misbehaving, 127.0.0.1:')
    expect(context.announced).toEqual([
      said,
      'The embedded object store misbehaved 2 times: 503 SlowDown 2',
      '5 requests to the object store were repeated: 2 by the plan, 3 by its stages',
    ])
    expect(logged).toEqual(["create bucket 'raw': again, after 503 SlowDown", "put 'raw/a': again, after 503 SlowDown"])
  })

  test('is ours, also where there is a rustfs on PATH', async () => {
    await using folder = await scratch()
    const bin = join(folder.path, 'bin')
    await mkdir(bin)
    await Bun.write(join(bin, 'rustfs'), '#!/bin/sh\nexit 3\n')
    await chmod(join(bin, 'rustfs'), 0o755)
    const { detail } = await putOne(serviceContext(folder.path, { PATH: bin, ASSAY_FAULTS: line }))
    expect(detail).toStartWith('embedded, ')
  })

  test('is never one that somebody named', async () => {
    await using folder = await scratch()
    const context = serviceContext(folder.path, { ASSAY_FAULTS: line, S3_ENDPOINT: 'http://127.0.0.1:9' })
    expect(await sentenceOf(putOne(context))).toBe(
      "Problem: Cannot make the object store misbehave as 'S3_ENDPOINT' must be unset, as only the embedded store does: current value is http://127.0.0.1:9. Unset it, or ASSAY_FAULTS.",
    )
    expect(context.announced).toEqual([])
  })

  test('is not started by a line that is wrong', async () => {
    await using folder = await scratch()
    const context = serviceContext(folder.path, { ASSAY_FAULTS: 'rate=2' })
    expect(await sentenceOf(putOne(context))).toContain("as 'ASSAY_FAULTS' must be a list like ")
  })
})

test('a store that behaves has nothing to announce', async () => {
  await using folder = await scratch()
  const context = serviceContext(folder.path, {})
  const running = await objectStore({ buckets: ['raw'] }).start(context)
  await running.ready(AbortSignal.timeout(20_000))
  await running.client.s3.put('raw', 'a', 'body')
  await running.stop(3000)
  expect(context.announced).toEqual([])
})

test('a run that is stopped ends a call under way', async () => {
  await using folder = await scratch()
  const stop = new AbortController()
  const context = { ...serviceContext(folder.path, { ASSAY_FAULTS: 'rate=1' }), signal: stop.signal }
  const running = await objectStore({ buckets: [] }).start(context)
  const call = running.client.s3.list('raw', '').catch((error: unknown) => error)
  const reason = new Error('told to')
  stop.abort(reason)
  expect(await call).toBe(reason)
  await running.stop(3000)
})
