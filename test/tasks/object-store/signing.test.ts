import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { signing } from '../../../tasks/object-store/signing.ts'
import { encode, encodeKey, signHeaders } from '../../conformance/sign.ts'

/** What names and values may hold: all of Unicode, more often what a URL or a signature spells in its own way. */
const text = fc.array(
  fc.oneof(fc.constantFrom(...'/.~-_!\'()*+ &=?#%"<é😀'), fc.string({ unit: 'binary', maxLength: 2 })),
  { maxLength: 8 },
)
const word = text.map((parts) => parts.join('').replace(/[\ud800-\udfff]/gu, ''))
const header = fc.string({ unit: fc.constantFrom('a', 'B', '"', ' ', '=', ';', ','), minLength: 1, maxLength: 12 })

const asks = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'HEAD', 'POST'),
  key: fc.option(word, { nil: undefined }),
  query: fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), word, { maxKeys: 4 }),
  headers: fc.dictionary(fc.stringMatching(/^x-amz-[a-z-]{1,12}$/), header, { maxKeys: 3 }),
  region: fc.constantFrom('us-east-1', 'eu-west-1'),
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
})

test('a request is signed as the SDK signs it', async () => {
  await fc.assert(
    fc.asyncProperty(asks, async ({ key, at, region, ...ask }) => {
      const keys = { region, accessKeyId: 'key', secretAccessKey: 'sec/ret+' }
      const sign = signing({ url: 'http://127.0.0.1:9000/base/', ...keys })
      const signed = sign({ bucket: 'bucket', ...ask, ...(key !== undefined && { key }) }, at)
      const path = `/base/bucket${key === undefined ? '' : `/${encodeKey(key)}`}`
      expect(signed.origin).toBe('http://127.0.0.1:9000')
      expect(signed.target.split('?')[0]).toBe(path)
      const query = signed.target.split('?')[1]?.split('&') ?? []
      expect(query.sort()).toEqual(
        Object.entries(ask.query)
          .map(([name, value]) => `${encode(name)}=${encode(value)}`)
          .sort(),
      )
      const headers = { ...ask.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
      const theirs = await signHeaders(keys, { ...ask, host: '127.0.0.1:9000', path, headers }, { date: at })
      expect(signed.headers).toEqual(theirs)
    }),
    { numRuns: 500 },
  )
})

test('keys of a session are sent and signed with their token', () => {
  const keys = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' }
  const { headers } = signing({ url: 'http://127.0.0.1:9000', ...keys })({ method: 'GET', bucket: 'bucket' })
  expect(headers['x-amz-security-token']).toBe('token')
  expect(headers.authorization).toContain('x-amz-security-token')
})
