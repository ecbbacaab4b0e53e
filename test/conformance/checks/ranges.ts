import assert from 'node:assert/strict'
import { area, each, isError, isOk } from '../check.ts'
import type { Server } from '../server.ts'

const text = '0123456789'

async function digits(server: Server): Promise<string> {
  const bucket = await server.bucket()
  await server.put(bucket, 'digits', text, { ContentType: 'text/plain' })
  return bucket
}

export const ranges = area('ranges', {
  ...each(
    {
      'the first bytes': ['bytes=0-4', '01234', '0-4'],
      'one byte in the middle': ['bytes=5-5', '5', '5-5'],
      'from an offset to the end': ['bytes=7-', '789', '7-9'],
      'the last bytes': ['bytes=-3', '789', '7-9'],
      'a suffix longer than the object is all of it': ['bytes=-50', text, '0-9'],
      'an end past the object is cut': ['bytes=8-100', '89', '8-9'],
    } as const,
    async (server, [range, expected, part]) => {
      const bucket = await digits(server)
      const answer = isOk(await server.request({ bucket, key: 'digits', headers: { range } }), 206)
      assert.equal(answer.text, expected)
      assert.equal(answer.headers.get('content-range'), `bytes ${part}/10`)
      assert.equal(answer.headers.get('content-length'), String(expected.length))
    },
  ),
  'a start past the end is InvalidRange': async (server) => {
    const bucket = await digits(server)
    isError(await server.request({ bucket, key: 'digits', headers: { range: 'bytes=10-12' } }), 416, 'InvalidRange')
  },
  'any range of an empty object is InvalidRange': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'empty', '')
    isError(await server.request({ bucket, key: 'empty', headers: { range: 'bytes=0-0' } }), 416, 'InvalidRange')
  },
  'a suffix of nothing is InvalidRange': async (server) => {
    const bucket = await digits(server)
    isError(await server.request({ bucket, key: 'digits', headers: { range: 'bytes=-0' } }), 416, 'InvalidRange')
  },
  'HEAD with a range answers its length': async (server) => {
    const bucket = await digits(server)
    const answer = isOk(
      await server.request({ method: 'HEAD', bucket, key: 'digits', headers: { range: 'bytes=2-5' } }),
      206,
    )
    assert.equal(answer.headers.get('content-length'), '4')
    assert.equal(answer.headers.get('content-range'), 'bytes 2-5/10')
  },
  'a range that cannot be read is ignored': async (server) => {
    const bucket = await digits(server)
    for (const range of ['lines=1-2', 'bytes=a-b']) {
      assert.equal(isOk(await server.request({ bucket, key: 'digits', headers: { range } })).text, text)
    }
  },
  'a part keeps the ETag and type of the whole': async (server) => {
    const bucket = await digits(server)
    const whole = isOk(await server.request({ bucket, key: 'digits' }))
    const part = isOk(await server.request({ bucket, key: 'digits', headers: { range: 'bytes=1-2' } }), 206)
    assert.ok(whole.headers.has('etag'))
    for (const name of ['etag', 'content-type', 'last-modified'])
      assert.equal(part.headers.get(name), whole.headers.get(name))
  },
})
