import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { S3ServiceException } from '@aws-sdk/client-s3'
import type { WireResponse } from './http.ts'
import type { Server } from './server.ts'

/** One promise of S3, judged in a bucket of its own; rejects when the server breaks it. */
export interface Check {
  readonly area: string
  readonly name: string
  run(server: Server): Promise<void>
}

/** The checks of an area: what each says of S3, and how that is judged. */
export function area(name: string, checks: Readonly<Record<string, Check['run']>>): readonly Check[] {
  return Object.entries(checks).map(([check, run]) => ({ area: name, name: check, run }))
}

/** One check for each row of a table. */
export function each<Row>(
  rows: Readonly<Record<string, Row>>,
  run: (server: Server, row: Row) => Promise<void>,
): Record<string, Check['run']> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, (server) => run(server, row)]))
}

/** The work must be refused with this status and one of these codes. */
export async function refused(work: Promise<unknown>, status: number, ...codes: readonly string[]): Promise<void> {
  const error = await work.then(
    () => assert.fail(`accepted what S3 refuses with ${status} ${codes.join(' or ')}`),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof S3ServiceException)) throw error
  assert.equal(error.$metadata.httpStatusCode, status, error.message)
  if (codes.length > 0) assert.ok(codes.includes(error.name), `code ${error.name}, not ${codes.join(' or ')}`)
}

/** The answer must be an S3 error of this status and one of these codes. */
export function isError(response: WireResponse, status: number, ...codes: readonly string[]): void {
  const code = tag(response, 'Code')
  assert.equal(response.status, status, `status of ${code ?? 'an answer without a code'}`)
  assert.ok(code !== undefined && codes.includes(code), `code ${code}, not ${codes.join(' or ')}`)
}

export function isOk(response: WireResponse, status = 200): WireResponse {
  assert.equal(response.status, status, response.text.slice(0, 300))
  return response
}

/** The text of the first element of this name. */
export function tag(response: WireResponse, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(response.text)?.[1]
}

export const md5 = (data: string | Uint8Array): string => createHash('md5').update(data).digest('hex')
export const md5Base64 = (data: string | Uint8Array): string => createHash('md5').update(data).digest('base64')

/** Bytes that compress badly and differ at every offset; the same for the same seed. */
export function noise(size: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4))
  for (let i = 0, x = seed * 2_654_435_761; i < words.length; i++) {
    x = Math.imul(x ^ (x >>> 15), 2_246_822_519) + i
    words[i] = x
  }
  return new Uint8Array(words.buffer, 0, size)
}

export function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, 'length')
  assert.ok(Buffer.from(actual.buffer, actual.byteOffset, actual.length).equals(expected), 'bytes differ')
}
