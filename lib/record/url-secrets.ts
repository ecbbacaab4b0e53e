import { type Finder, type Found, nothing } from './search.ts'

// Secrets that show by where they stand, whoever made them.

/** What names a signature or a credential in a presigned URL or a request's headers. */
const names = [
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'x-goog-signature',
  'x-goog-credential',
  'signature',
]

/** A signature is no shorter: 20 bytes of HMAC-SHA1 are 28 letters; `signature=none` is none. */
const leastSignature = 16

const longestName = 255
const longestPassword = 2048

// Tables, since a log may hold a URL a line.
const quotes = bytesLike(/["' \\]/)
const tokens = bytesLike(/[A-Za-z0-9%+/=_.~-]/)
const password = bytesLike(/[^\s/"'<>`?#]/)
const userName = bytesLike(/[^\s/"'<>`?#:@]/)

/** 1 for each byte that is one of these letters. */
function bytesLike(letters: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (letters.test(String.fromCharCode(byte)) ? 1 : 0))
}

/** `X-Amz-Signature=…`, `"X-Amz-Security-Token": "…"`, `Signature=…`, also with `%3D`. */
export const signatures: Finder = {
  beginnings: names.flatMap((name) => inAnyCase(name.slice(0, 3))),
  find(bytes, at) {
    let cut = false
    for (const name of names) {
      const same = sameLetters(bytes, at, name)
      if (same === name.length) return valueAfter(bytes, at + same)
      cut ||= at + same === bytes.length
    }
    return cut ? begun(bytes) : nothing
  },
}

function valueAfter(bytes: Uint8Array, name: number): Found {
  let at = skip(bytes, name, quotes)
  if (at === bytes.length) return begun(bytes)
  if (bytes[at] === 0x3d || bytes[at] === 0x3a) at += 1
  else if (bytes[at] === 0x25 && (bytes[at + 1] ?? 0x33) === 0x33 && ((bytes[at + 2] ?? 0x44) | 32) === 0x64)
    at = Math.min(at + 3, bytes.length)
  else return nothing
  const from = skip(bytes, at, quotes)
  const to = skip(bytes, from, tokens)
  if (to - from >= leastSignature) return { kind: to === bytes.length ? 'open' : 'whole', from, to }
  return to === bytes.length ? begun(bytes) : nothing
}

/** The password of `https://user:password@host`. */
export const passwordsInUrls: Finder = {
  beginnings: ['://', ':/\\', ':\\/'],
  find(bytes, at) {
    // `\/` is how some JSON is written.
    let start = at + 1
    for (let slash = 0; slash < 2; slash++) {
      if (bytes[start] === 0x5c) start++
      if (start >= bytes.length) return begun(bytes)
      if (bytes[start++] !== 0x2f) return nothing
    }
    const colon = skip(bytes, start, userName, longestName)
    if (colon === bytes.length) return begun(bytes)
    if (bytes[colon] !== 0x3a) return nothing
    const end = skip(bytes, colon + 1, password, longestPassword)
    // One with an unescaped `@` in it goes to the last.
    const to = bytes.lastIndexOf(0x40, end - 1)
    if (to > colon + 1) return { kind: end === bytes.length ? 'open' : 'whole', from: colon + 1, to }
    return end === bytes.length ? begun(bytes) : nothing
  },
}

/** What may still come; nothing of it has. */
function begun({ length }: Uint8Array): Found {
  return { kind: 'begun', from: length, to: length }
}

function inAnyCase(text: string): string[] {
  return [...text].reduce<string[]>(
    (all, letter) => all.flatMap((one) => [...new Set([letter, letter.toUpperCase()])].map((way) => one + way)),
    [''],
  )
}

function sameLetters(bytes: Uint8Array, at: number, lower: string): number {
  let same = 0
  while (same < lower.length) {
    const byte = bytes[at + same] ?? 0
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 32 : byte) !== lower.charCodeAt(same)) break
    same++
  }
  return same
}

function skip(bytes: Uint8Array, from: number, among: Uint8Array, most = longestPassword): number {
  let at = from
  while (at < bytes.length && at - from < most && among[bytes[at] ?? 0] === 1) at++
  return at
}
