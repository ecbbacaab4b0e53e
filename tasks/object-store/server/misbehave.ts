import type { ServerResponse } from 'node:http'
import type { Answer, Body } from './exchange.ts'
import type { Fault } from './faults.ts'
import { readSlices } from './read-slices.ts'
import { S3Error } from './s3-error.ts'

export interface Exchange {
  /** Does what the request asks for. */
  answered(): Promise<Answer>
  refuse(error: S3Error): Answer
  readonly response: ServerResponse
}

/** Milliseconds by which a slow answer is late at most. */
const slowest = 1000

/** What is answered where `fault` is to happen; undefined where nothing more is. A fault that nobody would notice does not happen. */
export async function misbehave(fault: Fault, exchange: Exchange): Promise<Answer | undefined> {
  const { answered, refuse, response } = exchange
  switch (fault.kind) {
    case '503 SlowDown':
      fault.happened()
      return refuse(new S3Error('SlowDown', 'Please reduce your request rate.'))
    case 'slow':
      fault.happened()
      await Bun.sleep(fault.dice('how late') * slowest)
      return response.destroyed ? undefined : answered()
    case 'reset':
      fault.happened()
      if (fault.dice('before or after') < 0.5) release((await answered()).body)
      response.socket?.destroy()
      return undefined
    case '500 after commit': {
      const given = await answered()
      if (given.status >= 300) return given
      fault.happened()
      return refuse(new S3Error('InternalError', 'We encountered an internal error. Please try again.'))
    }
    case 'truncate':
    case 'corrupt': {
      const given = await answered()
      const { body, status } = given
      const length = lengthOf(body)
      if (body === undefined || length === 0 || status >= 300) return given
      fault.happened()
      // To cut at the very first byte is another matter: an empty answer has no mark of being half of one.
      const at = fault.dice('at all') < 0.1 ? 0 : Math.floor(fault.dice('where') * length)
      if (fault.kind === 'corrupt') return { ...given, body: { length, pieces: flipped(piecesOf(body), at) } }
      const end = fault.dice('said or not') < 0.5 ? 'told' : 'broken off'
      const told = end === 'told' ? at : length
      const headers = { ...given.headers, 'content-length': String(told) }
      return { ...given, headers, body: { length: told, pieces: cut(piecesOf(body), at, end) } }
    }
  }
}

function lengthOf(body: Body | undefined): number {
  if (body === undefined) return 0
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length
}

function release(body: Body | undefined): void {
  if (typeof body === 'object' && 'slices' in body) body.release()
}

async function* piecesOf(body: Body): AsyncGenerator<Uint8Array> {
  if (typeof body === 'string') yield Buffer.from(body)
  else if ('bytes' in body) yield body.bytes
  else if ('pieces' in body) yield* body.pieces
  else
    try {
      yield* readSlices(body.slices)
    } finally {
      body.release()
    }
}

async function* flipped(pieces: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  let before = 0
  for await (const piece of pieces) {
    const index = at - before
    before += piece.byteLength
    const bytes = Buffer.from(piece)
    const byte = bytes[index]
    if (byte !== undefined) bytes[index] = byte ^ 0xff
    yield bytes
  }
}

async function* cut(
  pieces: AsyncIterable<Uint8Array>,
  at: number,
  end: 'told' | 'broken off',
): AsyncGenerator<Uint8Array> {
  let left = at
  for await (const piece of pieces) {
    yield piece.subarray(0, left)
    left -= piece.byteLength
    if (left <= 0) break
  }
  if (end === 'broken off') throw new Error('cut short on purpose')
}
