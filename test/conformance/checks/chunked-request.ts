import assert from 'node:assert/strict'
import type { Endpoint } from '../../../tasks/object-store/client.ts'
import { send, type WireRequest } from '../http.ts'
import type { RequestOptions, Server } from '../server.ts'
import { chunkSigner } from '../sign.ts'

/** A body in aws-chunked framing, made by hand. */
export interface Chunked {
  readonly form: 'signed' | 'unsigned'
  readonly data: Uint8Array
  /** Bytes a chunk; default 64 KiB. */
  readonly chunk?: number
  readonly trailer?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** `x-amz-decoded-content-length` when it isn't the truth. */
  readonly declared?: number
  /** Changes the framed body, its bytes as latin1 text; the Content-Length follows. */
  readonly alter?: (framed: string) => string
  /** Sends only this share of the body, though the Content-Length says all of it. */
  readonly cutAt?: number
}

/** The options of a put of `form`: the head is signed first, then the chunks after it. */
export function chunkedRequest(bucket: string, key: string, form: Chunked): RequestOptions {
  const { data, trailer = {}, declared = data.length, alter = (framed) => framed, cutAt = 1 } = form
  const names = Object.keys(trailer)
  const kind = form.form === 'signed' ? 'AWS4-HMAC-SHA256' : 'UNSIGNED'
  return {
    method: 'PUT',
    bucket,
    key,
    payload: `STREAMING-${kind}-PAYLOAD${names.length > 0 ? '-TRAILER' : ''}`,
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(declared),
      ...(names.length > 0 ? { 'x-amz-trailer': names.join(',') } : {}),
      ...form.headers,
    },
    tamper: (wire, keys) => {
      const framed = Buffer.from(alter(frame(keys, form, wire).toString('latin1')), 'latin1')
      const headers = { ...wire.headers, 'content-length': String(framed.length) }
      return { ...wire, headers, body: framed.subarray(0, Math.ceil(framed.length * cutAt)) }
    },
  }
}

function frame(keys: Endpoint, { form, data, chunk = 65_536, trailer = {} }: Chunked, wire: WireRequest): Buffer {
  const seed = /Signature=(\w+)/.exec(wire.headers.authorization ?? '')?.[1] ?? ''
  const signer = chunkSigner(keys, wire.headers['x-amz-date'] ?? '', seed)
  const signed = form === 'signed'
  const parts: Uint8Array[] = []
  const add = (text: string) => parts.push(Buffer.from(text))
  const size = (bytes: Uint8Array) =>
    `${bytes.length.toString(16)}${signed ? `;chunk-signature=${signer.chunk(bytes)}` : ''}\r\n`
  for (let at = 0; at < data.length; at += chunk) {
    const piece = data.subarray(at, at + chunk)
    add(size(piece))
    parts.push(piece)
    add('\r\n')
  }
  add(size(new Uint8Array()))
  const lines = Object.entries(trailer).map(([name, value]) => `${name}:${value}`)
  if (lines.length > 0) {
    add(`${lines.join('\r\n')}\r\n`)
    if (signed) add(`x-amz-trailer-signature:${signer.trailer(`${lines.join('\n')}\n`)}\r\n`)
  }
  add('\r\n')
  return Buffer.concat(parts)
}

/** Sends a body that can't be whole: an error answer or a closed connection are both fine, an answer of success isn't. */
export async function isRefused(server: Server, options: RequestOptions): Promise<void> {
  const wire = await server.sign(options)
  const answer = await send({ ...wire, end: 'half-close' }).catch((error: unknown) => error)
  if (answer instanceof Error) return
  assert.ok(typeof answer === 'object' && answer !== null && 'status' in answer && typeof answer.status === 'number')
  assert.ok(answer.status >= 400 && answer.status < 500, `answered ${answer.status}`)
}
