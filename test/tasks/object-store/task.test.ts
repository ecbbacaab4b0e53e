import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import * as v from 'valibot'
import { parseParams } from '../../../lib/plan/param.ts'
import type { TaskContext } from '../../../lib/plan/task.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import task from '../../../tasks/object-store/object-store.task.ts'
import { scratch, sentenceOf } from './store-rig.ts'

const Served = v.object({
  endpoint: v.string(),
  region: v.string(),
  accessKeyId: v.string(),
  secretAccessKey: v.string(),
  dir: v.string(),
})
type Served = v.InferOutput<typeof Served>

/** Runs the task as the command line does; `served` resolves with its line. */
function serve(given: Record<string, string>, log: (line: string) => void = () => {}) {
  const end = new AbortController()
  const first = Promise.withResolvers<Served>()
  const context: TaskContext = {
    env: {},
    signal: end.signal,
    log,
    progress: () => {},
    emit: (value) => first.resolve(v.parse(Served, value)),
  }
  const done = task.run(parseParams(task.options, given, 'run object-store'), context)
  done.catch(first.reject)
  // Not every test waits for the line.
  first.promise.catch(() => {})
  return { served: first.promise, done, stop: () => end.abort() }
}

describe('the object-store task', () => {
  test('says where it serves, with random keys, until it is told to stop', async () => {
    await using folder = await scratch()
    const one = serve({ dir: join(folder.path, 'one') })
    const two = serve({ dir: join(folder.path, 'two') })
    const [first, second] = await Promise.all([one.served, two.served])
    expect(first.secretAccessKey).not.toBe(second.secretAccessKey)
    expect(first.dir).toBe(join(folder.path, 'one'))
    const { endpoint: url, ...keys } = first
    const s3 = connect({ url, ...keys })
    await s3.createBucket('bucket')
    expect(await s3.hasBucket('bucket')).toBe(true)
    one.stop()
    two.stop()
    expect(await one.done).toBeUndefined()
    await two.done
    expect(await sentenceOf(s3.hasBucket('bucket'))).toContain('connection refused')
  })

  test('misbehaves when it is told to, and says so', async () => {
    await using folder = await scratch()
    const said: string[] = []
    const faults = 'rate=1,kinds=503 SlowDown,first=1'
    const { served, stop, done } = serve({ dir: folder.path, faults }, (line) => void said.push(line))
    const { endpoint: url, ...keys } = await served
    const repeated: string[] = []
    await connect({ url, ...keys }, { onRepeat: (action) => void repeated.push(action) }).createBucket('bucket')
    expect(repeated).toEqual(["create bucket 'bucket'"])
    expect(said).toEqual([
      'The embedded object store MISBEHAVES ON PURPOSE: every request, the first time it is made, seed 1, 503 SlowDown',
    ])
    stop()
    await done
    expect(await sentenceOf(serve({ dir: folder.path, faults: 'rate=2' }).done)).toContain(
      "Cannot make the object store misbehave as 'faults' must be a list like ",
    )
  })

  test('takes the keys, the port and the region it is given', async () => {
    await using folder = await scratch()
    const spare = Bun.listen({ port: 0, hostname: '127.0.0.1', socket: { data() {} } })
    const port = String(spare.port)
    spare.stop(true)
    const options = { dir: folder.path, port, accessKey: 'mine', secretKey: 'my secret', region: 'eu-west-1' }
    const running = serve(options)
    const served = await running.served
    expect(served).toEqual({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      accessKeyId: 'mine',
      secretAccessKey: 'my secret',
      dir: folder.path,
    })
    const s3 = connect({ url: served.endpoint, ...served })
    await s3.createBucket('bucket')
    const sentence = await sentenceOf(connect({ ...s3.endpoint, region: 'us-east-1' }).hasBucket('bucket'))
    expect(sentence).toContain("'S3_ENDPOINT' must be an endpoint of the region in AWS_REGION")
    expect(sentence).toContain("expecting 'eu-west-1'")
    running.stop()
    await running.done
  })

  test('keeps its keys out of records', () => {
    expect([task.options.accessKey.secret, task.options.secretKey.secret]).toEqual([true, true])
  })

  test('says which port is taken', async () => {
    await using folder = await scratch()
    const taken = Bun.listen({ port: 0, hostname: '127.0.0.1', socket: { data() {} } })
    const { done } = serve({ dir: folder.path, port: String(taken.port) })
    expect(await sentenceOf(done)).toBe(
      `Problem: Cannot serve the object store as 'port' must be free: current value is ${taken.port}. Choose another, or 0 for any.`,
    )
    taken.stop(true)
  })

  test('says which folder cannot be written', async () => {
    await using folder = await scratch()
    const file = join(folder.path, 'file')
    await Bun.write(file, 'not a folder')
    expect(await sentenceOf(serve({ dir: file }).done)).toContain(
      `'dir' must be a folder that can be written: current value is ${file}`,
    )
  })
})
