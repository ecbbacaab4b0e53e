import { afterAll, describe, expect, test } from 'bun:test'
import { hasProxy } from '../../../tasks/mlflow/client.ts'
import { sentenceOf } from '../object-store/store-rig.ts'
import { closedPort, serving, speaking, stopWrongServers } from '../object-store/wrong-servers.ts'
import { clientOf, failures, refusal, version } from './stand-ins.ts'

afterAll(stopWrongServers)

describe('a server that does not do', () => {
  const rules: readonly (readonly [how: string, rule: string, found: RegExp, next: string])[] = [
    ['with 401', 'that accepts who we are', /401 UNAUTHENTICATED: who are you\?/, 'Set MLFLOW_TRACKING_TOKEN, or'],
    ['with 403', 'that allows this', /403 PERMISSION_DENIED: not you/, 'Check the rights'],
    [
      'for another host',
      'a name that the server knows itself by',
      /403, it does not allow/,
      'Start it with --allowed-hosts "127.0',
    ],
    [
      'with 500',
      'that answers in the end',
      /500 INTERNAL_ERROR: .*database is locked, tried \d+ times/,
      'See its log.',
    ],
    ['with 503', 'that answers in the end', /503: Service Unavailable, tried/, 'See its log.'],
    ['as its disk is full', 'with room', /500 INTERNAL_ERROR: .*disk is full\)/, 'Free some of its disk.'],
    ['with a web page', 'an MLflow server', /it does not answer in JSON/, 'Check the address and port.'],
    ['by sending to a login', 'an MLflow server', /it answers with 302 and not as MLflow/, 'Check the address'],
    ['with other JSON', 'an MLflow server', /its answer is none of MLflow's: experiments/, 'Check the address'],
    ['as an old MLflow', 'that is new enough', /it is MLflow 1\.30\.0, and 2\.8 is needed/, 'Update it.'],
  ]
  test.each(rules)('as it answers %s, is one sentence', async (how, rule, found, next) => {
    const url = serving((request) => failures[how]?.(request) ?? new Response())
    const sentence = await sentenceOf(clientOf(url).version())
    expect(sentence).toStartWith("Problem: Cannot use MLflow as 'MLFLOW_TRACKING_URI' must be ")
    for (const part of [rule, url, next]) expect(sentence).toContain(part)
    expect(sentence).toMatch(found)
    expect(sentence).not.toMatch(/secret|\n/)
  })

  test.each([
    ['refuses', closedPort, 'connection refused, tried', 'Start it, or unset MLFLOW_TRACKING_URI.'],
    ['never answers', () => speaking(() => {}), 'no answer in time', 'See whether it is up'],
    ['hangs up', () => speaking((socket) => socket.end()), 'it closed the connection without an answer', 'See its log'],
  ])('as it %s, is one sentence within the time it was given', async (_, start, found, next) => {
    const began = performance.now()
    const sentence = await sentenceOf(clientOf(start()).experiment('e'))
    expect(performance.now() - began).toBeLessThan(5000)
    expect(sentence).toStartWith("Problem: Cannot find the experiment 'e' as 'MLFLOW_TRACKING_URI' must be ")
    for (const part of [found, next]) expect(sentence).toContain(part)
    expect(sentence).not.toContain('secret')
  })

  test('as its name does not resolve, is one sentence', async () => {
    const sentence = await sentenceOf(clientOf('http://nowhere.invalid:5000').version())
    expect(sentence).toContain('a host that can be found: current value is http://nowhere.invalid:5000 (its name')
  })

  test('as it keeps artifacts elsewhere, is told before anything is sent', async () => {
    const run = { id: 'a', experiment: '1', name: 'a', status: 'FINISHED', startTime: 0, endTime: 1 } as const
    const elsewhere = { ...run, artifactUri: 's3://bucket/1/a/artifacts' }
    expect(hasProxy(elsewhere)).toBe(false)
    const sentence = await sentenceOf(clientOf(closedPort()).putArtifact(elsewhere, 'x', 'x'))
    expect(sentence).toContain('a server that serves artifacts: current value is')
  })
})

describe('a request', () => {
  test('is made again after a 500, a 429 and a connection that broke, and shows who asks each time', async () => {
    const asked: string[] = []
    const url = serving((request) => {
      asked.push(request.headers.get('authorization') ?? '')
      if (asked.length === 1) return refusal(500, 'INTERNAL_ERROR')
      if (asked.length === 2) return new Response('slow down', { status: 429 })
      return Response.json({ experiment: { experiment_id: '7' } })
    })
    expect(await clientOf(url, { patience: 20_000 }).experiment('e')).toBe('7')
    expect(asked).toEqual(Array(3).fill('Bearer very-secret'))
  })

  test('that would make two is not made again unless the first was surely not carried out', async () => {
    const asked: string[] = []
    const url = serving(async () => {
      asked.push('')
      if (asked.length === 1) return new Response('slow down', { status: 429 })
      await Bun.sleep(600)
      return Response.json({})
    })
    const run = { experiment: '1', name: 'n', startTime: 1 }
    expect(await sentenceOf(clientOf(url, { patience: 20_000 }).createRun(run))).toContain(
      'no answer in time, tried 2 times',
    )
    expect(asked).toHaveLength(2)
  })

  test('goes no further once it is told to stop', async () => {
    const stopping = new AbortController()
    const client = clientOf(
      speaking(() => stopping.abort(new Error('enough'))),
      { signal: stopping.signal, deadline: 60_000 },
    )
    expect(await sentenceOf(client.version())).toBe('Error: enough')
  })

  test('is asked for every page', async () => {
    const pages: Readonly<Record<string, object>> = {
      '': { metrics: [{ key: 'm', value: 1, timestamp: '5', step: '0' }], next_page_token: 'two' },
      two: { metrics: [{ key: 'm', value: 'NaN', timestamp: 6, step: 1 }], next_page_token: 'three' },
      three: {},
    }
    const url = serving((request) =>
      Response.json(pages[new URL(request.url).searchParams.get('page_token') ?? ''] ?? {}),
    )
    expect(await clientOf(url).history('r', 'm')).toEqual([
      { key: 'm', value: 1, timestamp: 5, step: 0 },
      { key: 'm', value: Number.NaN, timestamp: 6, step: 1 },
    ])
  })
})

describe('an experiment', () => {
  test('that somebody else made meanwhile is that one', async () => {
    const asked: string[] = []
    const url = serving(({ url }) => {
      asked.push(new URL(url).pathname.split('/').at(-1) ?? '')
      if (asked.length === 1) return refusal(404, 'RESOURCE_DOES_NOT_EXIST')
      if (asked.length === 2) return refusal(400, 'RESOURCE_ALREADY_EXISTS')
      return Response.json({ experiment: { experiment_id: '7', lifecycle_stage: 'active' } })
    })
    expect(await clientOf(url).experiment('e')).toBe('7')
    expect(asked).toEqual(['get-by-name', 'create', 'get-by-name'])
  })

  test('that was deleted is told of', async () => {
    const url = serving(() => Response.json({ experiment: { experiment_id: '7', lifecycle_stage: 'deleted' } }))
    expect(await sentenceOf(clientOf(url).experiment('e'))).toContain(
      'it was deleted there: restore it, or set MLFLOW_EXPERIMENT_NAME',
    )
  })
})

test('a server without /version that knows experiments is MLflow too', async () => {
  const url = serving((request) =>
    request.url.endsWith('/version')
      ? new Response('no', { status: 404 })
      : Response.json({ experiments: [{ experiment_id: '0' }] }),
  )
  expect(await clientOf(url).version()).toBeUndefined()
  expect(
    await clientOf(serving((request) => (request.url.endsWith('/version') ? version() : Response.json({})))).version(),
  ).toBe('3.17.2')
})
