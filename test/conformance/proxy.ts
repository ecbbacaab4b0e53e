import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { parseResponse } from './http.ts'

export interface Asked {
  readonly method: string
  readonly target: string
  readonly headers: Headers
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** One way in which a server can be wrong. */
export interface Fault {
  /** What such a server does. */
  readonly name: string
  /** Where it must be seen; none: anywhere. */
  readonly areas?: readonly string[]
  /** Answers in the server's place; undefined lets the request through. */
  readonly instead?: (asked: Asked) => Answer | undefined
  readonly alter?: (asked: Asked, answer: Answer) => Answer
}

export interface Proxy {
  readonly url: string
  /** What is wrong from now on. */
  set(fault: Fault | undefined): void
  stop(): Promise<void>
}

/** A reverse proxy before the server at `upstream` that passes requests on byte for byte and answers as the fault that is set would. */
export async function faultyProxy(upstream: string): Promise<Proxy> {
  const to = new URL(upstream)
  let fault: Fault | undefined
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client)
    client.on('close', () => open.delete(client))
    client.on('error', () => client.destroy())
    relay(client, { host: to.hostname, port: Number(to.port) }, fault ?? { name: 'none' })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    set: (next) => {
      fault = next
    },
    stop: async () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

function relay(client: Socket, to: { readonly host: string; readonly port: number }, { instead, alter }: Fault): void {
  let head = Buffer.alloc(0)
  client.on('data', function read(chunk: Buffer) {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    client.off('data', read)
    const lines = head.subarray(0, end).toString('latin1').split('\r\n')
    const asked = parseHead(lines)
    const sent = head.subarray(end + 4)
    if (asked.headers.has('expect')) client.write('HTTP/1.1 100 Continue\r\n\r\n')
    const answer = instead?.(asked)
    if (answer !== undefined) {
      swallow(client, Number(asked.headers.get('content-length') ?? 0) - sent.length, () =>
        reply(client, asked, answer),
      )
      return
    }
    const server = connect({ ...to, allowHalfOpen: true })
    const passed = lines.filter((line) => !/^(connection|expect):/i.test(line))
    server.write(Buffer.from(`${passed.join('\r\n')}\r\nConnection: close\r\n\r\n`, 'latin1'))
    server.write(sent)
    client.pipe(server)
    const chunks: Buffer[] = []
    server.on('data', (data: Buffer) => chunks.push(data))
    // A server that refuses may hang up while the rest of the body is on its way: what it said still counts.
    server.on('error', () => {})
    server.on('close', () => {
      const response = parseResponse(Buffer.concat(chunks), asked.method, 'closed')
      if (response === 'incomplete') client.destroy()
      else reply(client, asked, alter?.(asked, response) ?? response)
    })
    server.on('end', () => server.destroy())
  })
}

function parseHead([first = '', ...lines]: readonly string[]): Asked {
  const [method = '', target = ''] = first.split(' ')
  const headers = new Headers()
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim())
  return { method, target, headers }
}

function swallow(client: Socket, bytes: number, done: () => void): void {
  let left = bytes
  if (left <= 0) {
    done()
    return
  }
  client.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left <= 0) done()
  })
}

function reply(client: Socket, { method }: Asked, { status, headers, body }: Answer): void {
  const own = new Headers(headers)
  own.delete('transfer-encoding')
  own.set('connection', 'close')
  if (method !== 'HEAD' && status !== 204 && status !== 304) own.set('content-length', String(body.length))
  const lines = [...own].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  client.write(Buffer.from(`HTTP/1.1 ${status} Faulty\r\n${lines}\r\n`, 'latin1'))
  client.end(method === 'HEAD' ? '' : body)
}
