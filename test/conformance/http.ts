import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** An HTTP/1.1 request as it goes over the wire: no client between us and it normalises the path or mends the framing. */
export interface WireRequest {
  readonly url: string
  readonly method: string
  /** Path and query, exactly as sent. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** 'half-close' says with a FIN that nothing more comes, whatever the Content-Length says. */
  readonly end?: 'half-close'
}

export interface WireResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly text: string
}

/**
 * Sends `request` on a connection of its own and reads the answer to its end.
 * Rejects when the connection ends without a whole answer, or after 10 s.
 */
export function send({
  url,
  method,
  target,
  headers,
  body = new Uint8Array(),
  end,
}: WireRequest): Promise<WireResponse> {
  const { protocol, hostname, port } = new URL(url)
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'utf8')
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const at = { host, port: Number(port || (protocol === 'https:' ? 443 : 80)), noDelay: true }
    const socket = protocol === 'https:' ? connectTls({ ...at, servername: host }) : connectTcp(at)
    const chunks: Buffer[] = []
    const finish = (state: 'open' | 'closed') => {
      try {
        const response = parseResponse(Buffer.concat(chunks), method, state)
        if (response === 'incomplete') return false
        resolve(response)
      } catch (error) {
        reject(error)
      }
      socket.destroy()
      return true
    }
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${method} ${target} in 10 s`)))
    socket.on('error', (error) => finish('closed') || reject(error))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (chunks.length === 1 || chunk.length < 65_536) finish('open')
    })
    socket.on('close', () => finish('closed') || reject(new Error(`${method} ${target} was cut off`)))
    socket.write(head)
    if (body.length > 0) socket.write(body)
    if (end === 'half-close') socket.end()
  })
}

/** The response in `bytes`; 'incomplete' while more must come. */
export function parseResponse(bytes: Buffer, method: string, end: 'open' | 'closed'): WireResponse | 'incomplete' {
  const split = bytes.indexOf('\r\n\r\n')
  if (split < 0) return 'incomplete'
  const [statusLine = '', ...lines] = bytes.subarray(0, split).toString('utf8').split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1])
  if (Number.isNaN(status)) throw new Error(`not an HTTP answer: ${statusLine.slice(0, 100)}`)
  const rest = bytes.subarray(split + 4)
  if (status === 100) return parseResponse(rest, method, end)
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.append(line.slice(0, colon), Buffer.from(line.slice(colon + 1).trim(), 'utf8').toString('latin1'))
  }
  const body = bodyOf(rest, status, headers, method, end)
  return body === 'incomplete' ? body : { status, headers, body, text: body.toString('utf8') }
}

function bodyOf(
  rest: Buffer,
  status: number,
  headers: Headers,
  method: string,
  end: 'open' | 'closed',
): Buffer | 'incomplete' {
  if (method === 'HEAD' || status === 204 || status === 304) return Buffer.alloc(0)
  if (headers.get('transfer-encoding') === 'chunked') return dechunk(rest)
  const length = headers.get('content-length')
  if (length !== null) return rest.length < Number(length) ? 'incomplete' : rest.subarray(0, Number(length))
  return end === 'closed' ? rest : 'incomplete'
}

/** The body that the chunks hold; 'incomplete' while more must come. */
export function dechunk(bytes: Buffer): Buffer | 'incomplete' {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return 'incomplete'
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16)
    if (Number.isNaN(size)) throw new Error('a chunk without its size')
    const next = line + 2 + size + 2
    if (bytes.length < next) return 'incomplete'
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = next
  }
}
