import { sha256Hex } from '../sigv4.ts'
import { S3Error } from './s3-error.ts'
import { type Signed, sameText } from './signature.ts'

/** Takes a body in the aws-chunked framing, gives its bytes on, and keeps the trailing headers. */
export interface ChunkDecoder {
  push(bytes: Uint8Array): void
  /** The trailing headers, names in lower case; throws when the body ended too soon. */
  end(): Readonly<Record<string, string>>
}

const lineLimit = 16 * 1024

/**
 * Decodes `STREAMING-UNSIGNED-PAYLOAD-TRAILER` and `STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]`; each chunk of a signed form must carry
 * the signature that follows from the one before it, or a SignatureDoesNotMatch is thrown before its end has been given on.
 */
export function chunkDecoder(signed: Signed, deliver: (bytes: Uint8Array) => void): ChunkDecoder {
  const chain = signed.payload.includes('AWS4-HMAC-SHA256') ? signatureChain(signed) : undefined
  const hasTrailer = signed.payload.endsWith('-TRAILER')
  let state: 'size' | 'data' | 'data end' | 'trailer' | 'done' = 'size'
  let line: Uint8Array[] = []
  let lineLength = 0
  let left = 0
  const trailers: Record<string, string> = {}
  let trailerText = ''

  const onLine = (text: string) => {
    if (state === 'data end') {
      if (text !== '') throw malformed()
      state = 'size'
    } else if (state === 'size') {
      const match = /^([0-9a-fA-F]{1,14})(?:;chunk-signature=([0-9a-f]{64}))?\s*$/.exec(text)
      if (!match) throw malformed()
      left = Number.parseInt(match[1] ?? '', 16)
      chain?.begin(match[2])
      if (left === 0) chain?.end()
      state = left > 0 ? 'data' : 'trailer'
    } else if (text === '') {
      state = 'done'
    } else {
      const colon = text.indexOf(':')
      if (!hasTrailer || colon < 1) throw malformed()
      const name = text.slice(0, colon).trim().toLowerCase()
      const value = text.slice(colon + 1).trim()
      trailers[name] = value
      if (name !== 'x-amz-trailer-signature') trailerText += `${name}:${value}\n`
    }
  }

  return {
    push(bytes) {
      let at = 0
      while (at < bytes.byteLength) {
        if (state === 'done') throw malformed()
        if (state === 'data') {
          const piece = bytes.subarray(at, at + left)
          at += piece.byteLength
          left -= piece.byteLength
          chain?.update(piece)
          deliver(piece)
          if (left > 0) continue
          chain?.end()
          state = 'data end'
          continue
        }
        const end = bytes.indexOf(10, at)
        const piece = bytes.subarray(at, end === -1 ? undefined : end)
        line.push(piece)
        lineLength += piece.byteLength
        if (lineLength > lineLimit) throw malformed()
        if (end === -1) return
        at = end + 1
        const text = Buffer.concat(line).toString().replace(/\r$/, '')
        line = []
        lineLength = 0
        onLine(text)
      }
    },
    end() {
      // Some clients leave out the empty line after the last chunk when there are no trailers.
      if (state !== 'done' && !(state === 'trailer' && lineLength === 0)) {
        throw new S3Error('IncompleteBody', 'The request body terminated unexpectedly')
      }
      if (chain && hasTrailer) chain.trailer(trailerText, trailers['x-amz-trailer-signature'])
      return trailers
    },
  }
}

function signatureChain(signed: Signed) {
  const empty = sha256Hex('')
  let previous = signed.signature
  let claimed = ''
  let hash = new Bun.CryptoHasher('sha256')
  const check = (kind: string, hashes: readonly string[], signature: string) => {
    const text = [kind, signed.date, signed.scope, previous, ...hashes].join('\n')
    if (!sameText(signed.sign(text), signature)) {
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk of the body does not match.', {
        StringToSign: text,
      })
    }
    previous = signature
  }
  return {
    begin(signature: string | undefined) {
      if (signature === undefined) throw malformed()
      claimed = signature
      hash = new Bun.CryptoHasher('sha256')
    },
    update: (bytes: Uint8Array) => void hash.update(bytes),
    end: () => check('AWS4-HMAC-SHA256-PAYLOAD', [empty, hash.digest('hex')], claimed),
    trailer: (text: string, signature: string | undefined) =>
      check('AWS4-HMAC-SHA256-TRAILER', [sha256Hex(text)], signature ?? ''),
  }
}

function malformed(): S3Error {
  return new S3Error('InvalidRequest', 'The body is not in the aws-chunked form that its headers declare.')
}
