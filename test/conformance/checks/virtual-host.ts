import assert from 'node:assert/strict'
import { area, isError, isOk } from '../check.ts'
import type { WireRequest } from '../http.ts'
import type { Server } from '../server.ts'

const hello = async (server: Server) => {
  const bucket = await server.bucket()
  await server.put(bucket, 'a/b c', 'hello')
  return { bucket, host: `${bucket}.${server.domain}` }
}

export const virtualHost = area('virtual-host style', {
  'the bucket in the host name reads and writes': async (server) => {
    const { bucket, host } = await hello(server)
    assert.equal(isOk(await server.request({ host, path: '/a/b%20c' })).text, 'hello')
    isOk(await server.request({ method: 'PUT', host, path: '/new', body: 'by host' }))
    assert.equal(await server.text(bucket, 'new'), 'by host')
  },
  'the root of such a host is the bucket': async (server) => {
    const { host } = await hello(server)
    const answer = isOk(await server.request({ host, path: '/', query: { 'list-type': '2' } }))
    assert.match(answer.text, /<Key>a\/b c<\/Key>/)
  },
  'a presigned URL of such a host reads': async (server) => {
    const { host } = await hello(server)
    assert.equal(isOk(await server.request({ host, path: '/a/b%20c', auth: 60 })).text, 'hello')
  },
  'the host is part of the signature': async (server) => {
    const [one, two] = [await hello(server), await hello(server)]
    const tamper = (wire: WireRequest) => ({
      ...wire,
      headers: { ...wire.headers, host: two.host },
    })
    isError(await server.request({ host: one.host, path: '/a/b%20c', tamper }), 403, 'SignatureDoesNotMatch')
  },
})
