import type { Endpoint } from './client.ts'
import { type S3Ask, type SignedAsk, signing } from './signing.ts'
import { notS3, s3Error } from './trouble.ts'
import { childText, parseDocument } from './xml.ts'

/** Sends a signed request once; resolves with an answer of success, rejects with what S3 says else. */
export type Ask = (ask: S3Ask & { readonly body?: Body }, signal: AbortSignal) => Promise<Response>

type Body = Uint8Array | string

/**
 * By `fetch`: as fast as Bun's own client, which doesn't tell an answer's headers and can't be stopped. `node:http` is slow to load, but
 * tells a server that speaks no HTTP from one that hangs up.
 */
export function asking(endpoint: Endpoint, by: 'fetch' | 'node:http' = 'fetch'): Ask {
  const sign = signing(endpoint)
  return async ({ body, ...ask }, signal) => {
    const written = by === 'node:http' || (ask.key !== undefined && isPath(ask.key))
    const send = written ? sendAsWritten : sendByUrl
    const answer = await send(ask.method, sign(ask), body, signal)
    if (!answer.ok) throw await refusal(ask.method, answer)
    return answer
  }
}

function isPath(key: string): boolean {
  return /(^|\/)\.\.?(\/|$)/.test(key)
}

function sendByUrl(
  method: string,
  { origin, target, headers }: SignedAsk,
  body: Body | undefined,
  signal: AbortSignal,
) {
  // It is signed for this place and no other, and an object that was stored compressed is wanted as it is stored.
  return fetch(origin + target, { method, headers, body, signal, redirect: 'manual', decompress: false })
}

/** For a key that a URL can't spell: `a/../b` is `b` there. */
async function sendAsWritten(
  method: string,
  { origin, target, headers }: SignedAsk,
  body: Body | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const { protocol, hostname, port } = new URL(origin)
  const { request } = protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const asked = request({ protocol, hostname, port, path: target, method, headers, signal }, async (answer) => {
      try {
        const pieces: Uint8Array[] = []
        for await (const piece of answer) pieces.push(piece)
        const found = new Headers()
        for (const [name, value] of Object.entries(answer.headers)) found.set(name, String(value))
        resolve(new Response(Buffer.concat(pieces), { status: answer.statusCode ?? 0, headers: found }))
      } catch (error) {
        reject(error)
      }
    })
    asked.on('error', reject).end(body)
  })
}

/** What S3 says in the body of an answer that is none of success; that to a HEAD has none. */
async function refusal(method: string, answer: Response): Promise<Error> {
  const content = parseDocument(await answer.text(), 'Error')
  const code = childText(content, 'Code')
  // A proxy before a store says 403 or 502 in words of its own; a web site that lacks the page is no S3.
  const told = code !== undefined || method === 'HEAD' || answer.status === 403 || answer.status >= 500
  if (!told) return notS3(`${answer.status} without a reason`)
  return s3Error(answer.status, code ?? `${answer.status}`, childText(content, 'Message') ?? answer.statusText)
}
