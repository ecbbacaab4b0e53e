import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { dechunk, send } from './http.ts'

export interface Asked {
  readonly method: string
  readonly target: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
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
  let fault: Fault = { name: 'none' }
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    open.add(client)
    client.on('close', () => open.delete(client))
    client.on('error', () => client.destroy())
    readRequest(client, (request) => {
      relay(upstream, request, fault).then(
        (answer) => reply(client, request, answer),
        // The server hung up on us, so we hang up too.
        () => client.destroy(),
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    set: (next) => {
      fault = next ?? { name: 'none' }
    },
    stop: async () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

interface Request extends Asked {
  readonly body: Buffer
  readonly complete: boolean
}

/** Hands on the one request of a connection, once it is whole or the client says that no more comes. */
function readRequest(client: Socket, done: (request: Request) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  let head: (Asked & { readonly at: number }) | undefined
  const finish = (complete: boolean) => {
    client.off('data', read).off('end', cut)
    if (head !== undefined) done({ ...head, body: Buffer.concat(chunks).subarray(head.at), complete })
  }
  const read = (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (head === undefined) {
      const bytes = Buffer.concat(chunks)
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      head = { ...parseHead(bytes.subarray(0, end).toString('utf8').split('\r\n')), at: end + 4 }
      if ('expect' in head.headers) client.write('HTTP/1.1 100 Continue\r\n\r\n')
    }
    const whole =
      head.headers['transfer-encoding'] === 'chunked'
        ? dechunk(Buffer.concat(chunks).subarray(head.at)) !== 'incomplete'
        : size >= head.at + Number(head.headers['content-length'] ?? 0)
    if (whole) finish(true)
  }
  const cut = () => finish(false)
  client.on('data', read).on('end', cut)
}

function parseHead([first = '', ...lines]: readonly string[]): Asked {
  const [method = '', target = ''] = first.split(' ')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { method, target, headers }
}

async function relay(url: string, request: Request, { instead, alter }: Fault): Promise<Answer> {
  const own = instead?.(request)
  if (own !== undefined) return own
  const { expect: _, ...headers } = request.headers
  const { method, target, body, complete } = request
  const answer = await send({ url, method, target, headers, body, ...(complete ? {} : { end: 'half-close' }) })
  return alter?.(request, answer) ?? answer
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
