import { afterAll, describe, expect, test } from 'bun:test'
import { Problem } from '../../../lib/plan/problem.ts'
import type { S3 } from '../../../tasks/object-store/client.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import { endpointFromEnv, isLoopback } from '../../../tasks/object-store/endpoint.ts'
import { sentenceOf } from './store-rig.ts'
import { answering, closedPort, serving, speaking, stopWrongServers } from './wrong-servers.ts'

const keys = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' }
afterAll(stopWrongServers)

const troubles = [
  ['a closed port', closedPort, 'must be a server that accepts connections', 'connection refused'],
  ['a name nobody has', () => 'http://no-such-host.invalid', 'must be a host that can be found', 'does not resolve'],
  ['a server that never answers', () => speaking(() => {}), 'must be a server that answers in time', 'timed out'],
  [
    'a server that answers 403',
    () => answering('<Error><Code>AccessDenied</Code><Message>No</Message></Error>', 403),
    'must be a server that accepts the keys',
    '403',
  ],
  ['a web site', () => answering('<html>welcome</html>', 200), 'must be an S3 server', 'does not answer as S3'],
  [
    'something that is not HTTP',
    () => speaking((socket) => void socket.end('SSH-2.0\r\n')),
    'must be an S3 server',
    '',
  ],
] as const

describe('a call to an endpoint that is wrong is one sentence', () => {
  const calls: Record<string, (s3: S3) => Promise<unknown>> = {
    list: (s3) => s3.list('bucket', 'prefix/'),
    head: (s3) => s3.head('bucket', 'key'),
    put: (s3) => s3.put('bucket', 'key', 'body'),
    get: (s3) => s3.get('bucket', 'key'),
  }
  for (const [what, start, rule, found] of troubles) {
    for (const [name, call] of Object.entries(calls)) {
      // Bun's client takes any 200 for an answer; the service looks before a plan puts.
      if (what === 'a web site' && (name === 'put' || name === 'get')) continue
      test(`${name}: ${what}`, async () => {
        const url = start()
        const error = await call(
          connect({ url, ...keys }, { deadline: what === 'a server that never answers' ? 300 : 10_000 }),
        ).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error).toBeInstanceOf(Problem)
        expect(String(error)).toContain(`'S3_ENDPOINT' ${rule}`)
        expect(String(error)).toContain(`: current value is ${url} (`)
        expect(String(error)).toContain(found)
      })
    }
  }
})

describe('a bucket that is looked up', () => {
  const missing = '<Error><Code>NoSuchBucket</Code><Message>No such bucket</Message></Error>'
  test('is not there when the server says so', async () => {
    expect(await connect({ url: answering(missing, 404), ...keys }).hasBucket('bucket')).toBe(false)
  })

  test('is no bucket when a web site has no page of that name', async () => {
    const url = answering('<html>no such page</html>', 404)
    expect(await sentenceOf(connect({ url, ...keys }).hasBucket('bucket'))).toContain(
      `'S3_ENDPOINT' must be an S3 server: current value is ${url} (it does not answer as S3: 404`,
    )
  })
})

describe('a listing', () => {
  const page = (contents: string, more: string) =>
    `<ListBucketResult><Name>bucket</Name>${contents}${more}</ListBucketResult>`
  const object = (key: string) => `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag></Contents>`
  const next = (token: string) =>
    `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`

  function paging(pages: Readonly<Record<string, string>>): S3 {
    const url = serving(
      (request) => new Response(pages[new URL(request.url).searchParams.get('continuation-token') ?? '']),
    )
    return connect({ url, ...keys }, { deadline: 2000 })
  }

  test('has every key once and in order whatever the pages overlap', async () => {
    const s3 = paging({ '': page(object('c') + object('b'), next('1')), '1': page(object('b') + object('a'), '') })
    expect((await s3.list('bucket', '')).map(({ key }) => key)).toEqual(['a', 'b', 'c'])
  })

  test('whose server repeats its token ends in a Problem', async () => {
    const s3 = paging({ '': page(object('a'), next('1')), '1': page(object('b'), next('1')) })
    expect(await sentenceOf(s3.list('bucket', ''))).toContain('gives the same continuation token twice')
  })

  test('whose server never comes to new keys ends in a Problem', async () => {
    const s3 = paging({ '': page(object('a'), next('1')), '1': page(object('a'), next('2')) })
    expect(await sentenceOf(s3.list('bucket', ''))).toContain('sends a page with nothing new on it')
  })

  test('whose server gives no token ends in a Problem', async () => {
    const s3 = paging({ '': page(object('a'), '<IsTruncated>true</IsTruncated>') })
    expect(await sentenceOf(s3.list('bucket', ''))).toContain('gives no continuation token')
  })
})

describe('a bucket that is created', () => {
  test.each([
    ['us-east-1', ''],
    ['eu-west-1', '<LocationConstraint>eu-west-1</LocationConstraint>'],
  ])('in %s is asked for there', async (region, told) => {
    const bodies: string[] = []
    const url = serving(async (request) => {
      bodies.push(await request.text())
      return new Response()
    })
    await connect({ url, ...keys, region }).createBucket('bucket')
    expect(bodies).toHaveLength(1)
    expect(bodies[0]?.match(/<LocationConstraint>.*<\/LocationConstraint>/)?.[0] ?? '').toBe(told)
  })
})

describe('removing', () => {
  const result = (inner: string) => `<DeleteResult>${inner}</DeleteResult>`

  test('what the server keeps ends in a Problem that names it', async () => {
    const kept = '<Error><Key>a &amp; b</Key><Code>AccessDenied</Code><Message>No</Message></Error>'
    const s3 = connect({ url: answering(result(kept), 200), ...keys })
    expect(await sentenceOf(s3.remove('bucket', ['a & b']))).toContain(
      "'key' must be removable: current value is a & b (AccessDenied: No)",
    )
  })

  test('is asked for again when the answer was cut short', async () => {
    const repeated: string[] = []
    const url = serving(() => new Response(repeated.length === 0 ? '<DeleteRes' : result('')))
    await connect({ url, ...keys }, { onRepeat: (action) => repeated.push(action) }).remove('bucket', ['a'])
    expect(repeated).toEqual(["remove 1 objects from 'bucket'"])
  })
})

test('nobody is followed to another place than the endpoint', async () => {
  let asked = 0
  const elsewhere = serving(() => {
    asked += 1
    return new Response('stolen')
  })
  const s3 = connect({ url: serving(() => Response.redirect(elsewhere, 307)), ...keys })
  expect(await sentenceOf(s3.get('bucket', 'key'))).toContain('307')
  expect(asked).toBe(0)
})

test('what S3 says is told in its own letters', async () => {
  const error = '<Error><Code>AccessDenied</Code><Message>It isn&apos;t yours &amp; mine</Message></Error>'
  const s3 = connect({ url: answering(error, 403), ...keys })
  expect(await sentenceOf(s3.get('bucket', 'key'))).toContain("It isn't yours & mine")
})

describe('endpointFromEnv', () => {
  const good = { S3_ENDPOINT: 'http://127.0.0.1:9000/', AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }

  test('reads the four variables, the region being us-east-1 when not set', () => {
    expect(endpointFromEnv(good)).toEqual({ url: 'http://127.0.0.1:9000', ...keys })
    expect(endpointFromEnv({ ...good, AWS_REGION: 'eu-west-1' }).region).toBe('eu-west-1')
  })

  const wrong = [
    [{ ...good, S3_ENDPOINT: undefined }, "'S3_ENDPOINT' must be a URL"],
    [{ ...good, S3_ENDPOINT: '127.0.0.1' }, "'S3_ENDPOINT' must be a URL"],
    [{ ...good, S3_ENDPOINT: 'ftp://host' }, "'S3_ENDPOINT' must be a URL that starts with http:// or https://"],
    [{ ...good, S3_ENDPOINT: 'http://me:pass@host' }, "'S3_ENDPOINT' must be a URL without a user name or password"],
    [{ ...good, AWS_ACCESS_KEY_ID: '' }, "'AWS_ACCESS_KEY_ID' must be set when S3_ENDPOINT is"],
    [{ ...good, AWS_SECRET_ACCESS_KEY: undefined }, "'AWS_SECRET_ACCESS_KEY' must be set when S3_ENDPOINT is"],
  ] as const
  for (const [env, message] of wrong) {
    test(`refuses with: ${message}`, () => {
      expect(() => endpointFromEnv(env)).toThrow(message)
      expect(() => endpointFromEnv(env)).not.toThrow('pass@')
    })
  }

  test('knows what is on this machine', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', 'bucket.localhost', '[::1]']) {
      expect(isLoopback(`http://${host}:9000`)).toBe(true)
    }
    for (const host of ['127.0.0.1.example.com', 's3.amazonaws.com', '10.0.0.1', 'localhost.example.com']) {
      expect(isLoopback(`http://${host}`)).toBe(false)
    }
  })
})
