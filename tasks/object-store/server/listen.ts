import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { preciseNow } from './access-record.ts'
import type { Answer, FileSlices, Pieces, S3Request } from './exchange.ts'
import type { FaultSource } from './faults.ts'
import { mostConnections } from './limits.ts'
import { misbehave } from './misbehave.ts'
import { readSlices } from './read-slices.ts'
import { errorDocument, S3Error } from './s3-error.ts'

export interface Listener {
  readonly port: number
  /** Takes no more connections, lets answers under way end for a moment, then closes what is left. */
  close(): Promise<void>
}

/**
 * Serves `answer` over HTTP on loopback. Not `Bun.serve`: that resolves `..` in a path before we see it, and a key may hold it.
 */
export async function listen(
  port: number,
  answer: (request: S3Request) => Promise<Answer>,
  faults?: FaultSource,
): Promise<Listener> {
  let requests = 0
  const server = createServer((incoming, response) => {
    const id = (++requests).toString(16).toUpperCase().padStart(16, '0')
    serve(incoming, response, id, answer, faults).catch((error: unknown) => {
      // The connection went while we were answering: there is nobody left to tell.
      if (!response.destroyed) response.destroy(error instanceof Error ? error : undefined)
    })
  })
  // A client's pool keeps connections as long as it likes; an upload may take hours.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  server.headersTimeout = 0
  server.timeout = 0
  server.maxConnections = mostConnections
  // Who has asked may close its half and wait. Of Node's own, and in nobody's types; Bun would hang up before the answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), 1000)
      await closed
      clearTimeout(timer)
    },
  }
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  id: string,
  answer: (request: S3Request) => Promise<Answer>,
  faults: FaultSource | undefined,
): Promise<void> {
  const request = requestOf(incoming, preciseNow())
  const refuse = (error: unknown) => errorAnswer(error, request, id)
  const answered = () =>
    answer(request).catch((error: unknown) => {
      if (incoming.destroyed && !incoming.complete) throw error
      return refuse(error)
    })
  const fault = faults?.next(request)
  const given = fault === undefined ? await answered() : await misbehave(fault, { answered, refuse, response })
  if (given === undefined) return
  const body = typeof given.body === 'string' ? Buffer.from(given.body) : given.body
  const head = request.method === 'HEAD'
  const length = body?.length ?? 0
  const lengthless = given.status === 204 || given.status === 304
  response.writeHead(given.status, {
    ...(lengthless ? {} : { 'content-length': String(length) }),
    ...onTheWire(given.headers ?? {}),
    'x-amz-request-id': id,
    server: 'assay',
    // What was not read of a refused body would be taken for the next request.
    ...(incoming.complete ? {} : { connection: 'close' }),
  })
  if (!incoming.complete) incoming.resume()
  if (body === undefined || head) response.end()
  else if (body instanceof Uint8Array) response.end(body)
  else if ('bytes' in body) response.end(body.bytes, body.release)
  else await send(body, response)
}

async function send(body: FileSlices | Pieces, response: ServerResponse): Promise<void> {
  try {
    for await (const piece of 'slices' in body ? readSlices(body.slices) : body.pieces) {
      if (response.destroyed) return
      if (!response.write(piece)) await drained(response)
    }
    response.end()
  } finally {
    if ('slices' in body) body.release()
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

function requestOf(incoming: IncomingMessage, arrived: number): S3Request {
  const target = incoming.url ?? '/'
  const mark = target.indexOf('?')
  return {
    method: incoming.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? {} : queryOf(target.slice(mark + 1)),
    headers: headersOf(incoming),
    read: (deliver) => readBody(incoming, deliver),
    arrived,
  }
}

/** By events: a third of a millisecond less than iterating over the stream. */
function readBody(incoming: IncomingMessage, deliver: (bytes: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      settle()
    }
    const onData = (bytes: Uint8Array) => {
      try {
        deliver(bytes)
      } catch (error) {
        end(() => reject(error))
      }
    }
    const onEnd = () => end(resolve)
    const onError = (error: Error) => end(() => reject(error))
    const onClose = () => end(() => reject(new Error('the connection was closed before the end of the body')))
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

function queryOf(text: string): Record<string, string[]> {
  const query: Record<string, string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) query[name] = [...(query[name] ?? []), value]
  return query
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) {
    const text = Array.isArray(value) ? value.join(',') : (value ?? '')
    // Headers are read as Latin-1; clients send and sign UTF-8.
    headers[name] = /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString() : text
  }
  return headers
}

/** The reverse: UTF-8, byte for byte as it came in. */
function onTheWire(headers: Readonly<Record<string, string>>): Record<string, string> {
  const wire: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    wire[name] = /[\u0080-\uffff]/.test(value) ? Buffer.from(value).toString('latin1') : value
  }
  return wire
}

function errorAnswer(error: unknown, request: S3Request, id: string): Answer {
  const known = error instanceof S3Error ? error : worldly(error)
  return {
    status: known.status,
    headers: { 'content-type': 'application/xml' },
    body: errorDocument(known, request.path, id),
  }
}

/** What the machine lacks is told as S3 tells it; anything else is a mistake of ours. */
function worldly(error: unknown): S3Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL')
    return new S3Error('InsufficientStorage', 'There is no room left where the objects are kept.')
  if (code === 'EMFILE' || code === 'ENFILE') return new S3Error('SlowDown', 'Too many files are open.')
  console.error(error)
  return new S3Error('InternalError', 'We encountered an internal error. Please try again.')
}
