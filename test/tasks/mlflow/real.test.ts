import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { leftFiles } from '../../../lib/cli/left-files.ts'
import { stateOf } from '../../../lib/cli/track.ts'
import { fileStore } from '../../../lib/record/files.ts'
import { mlflowRun } from '../../../lib/report/mlflow.ts'
import { readRecord } from '../../../lib/report/results.ts'
import { connectMlflow } from '../../../tasks/mlflow/connect.ts'
import tracking from '../../../tasks/mlflow/mlflow.tracking.ts'
import { newestRun, passing, planText, type Repository, removeRepositories, repository } from '../../lib/cli/helpers.ts'
import { serving, stopWrongServers } from '../object-store/wrong-servers.ts'
import { type FoundInMlflow, noMlflow, type RealServer, realServer } from './real-server.ts'

if (noMlflow !== undefined) console.warn(`skipped: a real MLflow: ${noMlflow}`)

const measuring = `
  ${passing}
  plan.measure({
    name: 'speed: two, odd', variants: ['1', '5'], samples: 7, warmup: 1,
    metrics: { time: lower('ms'), 'busy %': lower('%') },
    derived: { 'µ ratio': { ...lower('1'), from: ({ time }) => time['5'] / time['1'] } },
    run: async (_, { variant, log }) => {
      log('taking a sample')
      await Bun.sleep(1)
      return { time: quantity(Number(variant) * (1 + Math.random()), 'ms'), 'busy %': quantity(Math.random(), '%') }
    },
  })`
const plans = {
  measures: planText(
    'measures',
    measuring,
    "params: { size: integer(7, 'of it'), word: text('é\\n日本', 'said') }",
  ).replace('import {', 'import { lower, quantity,'),
  mends: planText(
    'mends',
    `const told = plan.step({ name: 'ask', output: v.string(), run: async (_, { env }) => { if (!env.MENDED) throw new Failure('it is broken'); return 'yes' } })`,
  ),
}

let server: RealServer
let repo: Repository
beforeAll(async () => {
  if (noMlflow !== undefined) return
  server = await realServer()
  repo = repository(plans)
}, 150_000)
afterAll(async () => {
  stopWrongServers()
  removeRepositories()
  await server?.end()
}, 30_000)

/** What MLflow must show of a run, by its journal. */
function byJournal(plan: string, run: string) {
  const store = fileStore(join(repo.dir, 'runs'))
  const folder = store.pathOf(plan, run)
  const { params, tags, metrics, status, startTime, endTime } = mlflowRun(readRecord(store, plan, run), {
    state: '',
    read: (path) => readFileSync(join(folder, path), 'utf8'),
  })
  const entries = (all: typeof tags) => Object.fromEntries(all.map(({ key, value }) => [key, value]))
  const histories = Map.groupBy(metrics, ({ key }) => key)
  const files = [...new Bun.Glob('**/*').scanSync({ cwd: folder })]
  return {
    ...{ name: run, status, start: startTime, end: endTime, params: entries(params) },
    tags: expect.objectContaining(entries(tags)),
    metrics: Object.fromEntries(
      [...histories].map(([key, all]) => [key, all.map(({ step, timestamp, value }) => [step, timestamp, value])]),
    ),
    files: Object.fromEntries(
      files.map((path) => [
        path,
        new Bun.CryptoHasher('sha256').update(readFileSync(join(folder, path))).digest('hex'),
      ]),
    ),
  }
}

function plainly({ metrics, id: _, ...rest }: FoundInMlflow) {
  const numbers = Object.entries(metrics).map(([key, all]) => [
    key,
    all.map(([step, at, value]) => [step, at, Number(value)]),
  ])
  return { ...rest, metrics: Object.fromEntries(numbers) }
}

async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return repo.run(words, { env: { MLFLOW_TRACKING_URI: server.client.url, ...env } })
}

/** A server before the real one, which changes what that answers. */
function before(change: (answer: Response, request: Request) => Promise<Response>): string {
  return serving(async (request) => {
    const { pathname, search } = new URL(request.url)
    const { method, headers } = request
    headers.delete('host')
    const body = method === 'GET' ? null : await request.arrayBuffer()
    const answer = await fetch(server.client.url + pathname + search, { method, headers, body })
    return change(new Response(await answer.arrayBuffer(), { status: answer.status }), request)
  })
}

async function idOf(plan: string): Promise<string> {
  return (await newestRun(repo, plan)).split('/').at(-1) ?? ''
}

describe.skipIf(noMlflow !== undefined)('a real MLflow server', () => {
  test('is started on loopback for a plan, with its store in the folder of the service', async () => {
    expect(server.detail).toMatch(/^\d+\.\d+\.\d+, 127\.0\.0\.1:\d+$/)
    expect(await server.client.version()).toBe(server.detail.split(',')[0])
    expect(existsSync(join(server.folder, 'mlflow/mlflow.db'))).toBe(true)
    expect(server.client.environment).toMatchObject({
      MLFLOW_TRACKING_URI: server.client.url,
      MLFLOW_REGISTRY_URL: server.client.url,
    })
  })

  test('shows a run of a plan as its journal tells it, by the account of its own client', async () => {
    const { exit, out, err } = await run(['plan', 'measures', '--csv', 'all.csv'])
    const id = await idOf('measures')
    expect([exit, err]).toEqual([0, ''])
    const [found, ...more] = await server.readBack('assay/measures')
    if (found === undefined) throw new Error('nothing was shown')
    expect(more).toEqual([])
    expect(out).toEndWith(
      `  shown: at ${server.client.url}/#/experiments/${(await server.client.getRun(found.id)).experiment}/runs/${found.id}\n`,
    )
    expect(plainly(found)).toEqual(byJournal('measures', id))
    // And not only by our own mapping.
    expect(Object.keys(found.metrics)).toContain('speed two odd/busy percent_5 samples')
    expect(found.metrics['speed two odd/time_1 samples']?.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(found.params).toEqual({ size: '7', word: 'é\n日本' })
    expect(found.files).toContainKeys([
      'journal.jsonl',
      'log.txt',
      'results.csv',
      'junit.xml',
      'steps/02-speed-two-odd/samples.csv',
    ])
    expect(found.tags['assay.changed']).toContain("'speed: two, odd/time[1]' is speed two odd/time_1\n")
  })

  test('shows nothing more of a run that is sent again', async () => {
    const before = await server.readBack('assay/measures')
    const { exit, out } = await run(['report', await idOf('measures'), '--mlflow'])
    expect([exit, out]).toEqual([0, expect.stringMatching(/^ {2}shown: at .* \(it was there\)\n$/)])
    expect(await server.readBack('assay/measures')).toEqual(before)
  })

  test('shows a run whole that is sent again after any request that writes was its last', async () => {
    const id = await idOf('measures')
    const experiment = await server.client.experiment('assay/measures')
    const forget = async () => {
      for (const { id } of await server.client.searchRuns(experiment, '')) await server.client.deleteRun(id)
    }
    const statuses: string[] = []
    let requests = 0
    for (let last = 1; last === 1 || requests === last - 1; last++) {
      await forget()
      requests = 0
      const child = Promise.withResolvers<Bun.Subprocess>()
      const proxy = before(async (answer, { url }) => {
        // What comes before only reads.
        if (requests > 0 || url.endsWith('/runs/create')) requests++
        if (requests === last) (await child.promise).kill('SIGKILL')
        return answer
      })
      const started = repo.start(['report', id, '--mlflow'], { env: { MLFLOW_TRACKING_URI: proxy } })
      child.resolve(started)
      await started.exited
      for (const { status } of await server.client.searchRuns(experiment, '')) statuses.push(status)
      await sendAgain(id)
      // Our client, since Python takes seconds to start; that the two agree is held above.
      const [one, ...more] = await server.client.searchRuns(experiment, '')
      if (one === undefined) throw new Error('nothing was shown')
      expect([more, one.status, one.tags['assay.sent'], await counts(one.id)]).toEqual([
        [],
        'FINISHED',
        one.tags['assay.state'],
        expected,
      ])
    }
    expect(requests).toBe(9)
    // Between the first two requests that concern it, and never again.
    expect(statuses.filter((status) => status !== 'FINISHED')).toEqual(['RUNNING'])
    expect((await server.readBack('assay/measures')).map(plainly)).toEqual([byJournal('measures', id)])
  }, 120_000)

  /** As the command does, whose start takes longer than all of it. */
  async function sendAgain(run: string): Promise<void> {
    const one = { store: fileStore(join(repo.dir, 'runs')), plan: 'measures', run }
    const record = readRecord(one.store, one.plan, run)
    const read = (path: string) => readFileSync(join(one.store.pathOf(one.plan, run), path), 'utf8')
    const place = tracking.open(
      { MLFLOW_TRACKING_URI: server.client.url },
      { signal: new AbortController().signal, patience: 5000 },
    )
    const files = [...leftFiles(one, record)].map((file) => file.read())
    await place.send(mlflowRun(record, { state: stateOf(one), read }), files)
  }

  const expected = { metrics: 13, samples: 43, files: 5 }
  async function counts(id: string) {
    const { metrics } = await server.client.getRun(id)
    const histories = await Promise.all(metrics.map(({ key }) => server.client.history(id, key)))
    const files = await server.client.artifacts(id)
    return { metrics: metrics.length, samples: histories.flat().length, files: files.length }
  }

  test('shows a run that went on in place of what it was before', async () => {
    expect((await run(['plan', 'mends'])).exit).toBe(1)
    const [failed] = await server.readBack('assay/mends')
    expect([failed?.status, failed?.tags['assay.outcome'], failed?.tags['assay.wrong']]).toEqual([
      'FAILED',
      'failed',
      'ask',
    ])
    const { exit, out } = await run(['plan', 'mends', '--resume'], { MENDED: 'yes' })
    expect([exit, out]).toEqual([0, expect.stringContaining('(in place of what it was before)')])
    const [mended, ...more] = await server.readBack('assay/mends')
    if (mended === undefined) throw new Error('nothing was shown')
    expect([more, mended.status, mended.tags['assay.resumed'], mended.tags['assay.wrong']]).toEqual([
      [],
      'FINISHED',
      '1',
      undefined,
    ])
    expect(plainly(mended)).toEqual(byJournal('mends', await idOf('mends')))
  })

  test('shows a run once though every second answer is lost, that which made it too', async () => {
    const asked = new Map<string, number>()
    const proxy = before(async (answer, { url }) => {
      const { pathname } = new URL(url)
      asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
      return (asked.get(pathname) ?? 0) % 2 === 1 ? new Response('lost', { status: 502 }) : answer
    })
    const { exit, out, err } = await run(['plan', 'measures'], {
      MLFLOW_TRACKING_URI: proxy,
      MLFLOW_EXPERIMENT_NAME: 'lossy',
    })
    expect([exit, err, out]).toEqual([0, '', expect.stringContaining('shown: at')])
    const found = await server.readBack('lossy')
    expect(found.map(plainly)).toEqual([byJournal('measures', await idOf('measures'))])
    expect([...asked.values()].filter((times) => times === 1)).toEqual([1]) // runs/create, which is not made again
  })

  test('is used by a plan where MLFLOW_TRACKING_URI names it, in the experiment of MLFLOW_EXPERIMENT_NAME', async () => {
    expect((await run(['plan', 'measures'], { MLFLOW_EXPERIMENT_NAME: 'mine' })).exit).toBe(0)
    const [found] = await server.readBack('mine')
    if (found === undefined) throw new Error('nothing was shown')
    expect(plainly(found)).toEqual(byJournal('measures', await idOf('measures')))
  })

  test('keeps models with versions and aliases, and artifacts of any legal name', async () => {
    const { client } = server
    const experiment = await client.experiment('models')
    const one = await client.createRun({ experiment, name: 'one', startTime: 1 })
    await client.putArtifact(one, 'model/a b (1) é.bin', new Uint8Array([0, 255, 10]), 'application/octet-stream')
    expect(Buffer.from(await client.getArtifact(one, 'model/a b (1) é.bin'))).toEqual(Buffer.from([0, 255, 10]))
    expect(await client.artifacts(one.id)).toEqual([{ path: 'model', kind: 'folder', size: 0 }])
    expect(await client.artifacts(one.id, 'model')).toEqual([{ path: 'model/a b (1) é.bin', kind: 'file', size: 3 }])
    expect([await client.registerModel('det'), await client.registerModel('det')]).toEqual(['made', 'there'])
    const source = `runs:/${one.id}/model`
    const first = await client.createVersion('det', { source, run: one.id })
    await client.createVersion('det', { source, run: one.id })
    expect(first).toMatchObject({ model: 'det', version: '1', run: one.id, status: 'READY' })
    expect((await client.versions('det')).map(({ version }) => version)).toEqual(['2', '1'])
    await client.registerModel("it's")
    await client.createVersion("it's", { source, run: one.id })
    expect(await client.versions("it's")).toHaveLength(1)
    await client.setAlias('det', 'champion', '1')
    expect(await client.aliased('det', 'champion')).toMatchObject({ version: '1', run: one.id })
    expect([await client.aliased('det', 'other'), await client.aliased('none', 'champion')]).toEqual([
      undefined,
      undefined,
    ])
    expect(await client.getVersion('det', '2')).toMatchObject({ version: '2' })
  })

  test('tells a host that it does not know apart from a token that has no rights', async () => {
    const { port } = new URL(server.client.url)
    const elsewhere = connectMlflow({
      url: `http://mlflow.localhost:${port}`,
      authorization: undefined,
      environment: {},
    })
    const refused = elsewhere.version().then(String, (error: Error) => error.message)
    expect(await refused).toContain(`Start it with --allowed-hosts "mlflow.localhost:${port}"`)
  })
})
