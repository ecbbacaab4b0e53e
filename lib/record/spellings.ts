/**
 * A value as a list of places, each with every way in which it can be written there. Texts are in Latin-1: a letter is a byte.
 * Places are worked out when they are first asked for, since most are never reached.
 */
export interface Spelling {
  readonly length: number
  at(index: number): readonly string[]
}

/**
 * How a value may be written: itself, escaped (JSON up to four times over, shells, Python, C, XML), percent-encoded letter by
 * letter, and in base64 wherever in a longer text it begins, in both alphabets and with lines broken.
 */
export function spellingsOf(value: string): readonly Spelling[] {
  const letters = [...value]
  return [lazily(letters.length, (index) => waysOf(letters[index] ?? '')), ...[0, 1, 2].map((k) => base64Of(value, k))]
}

function lazily(length: number, make: (index: number) => readonly string[]): Spelling {
  const made: (readonly string[])[] = []
  return {
    length,
    at(index) {
      const known = made[index] ?? make(index)
      made[index] = known
      return known
    },
  }
}

/** The backslashes before a letter that was escaped n times, and how many one becomes itself. */
const escapes = ['\\', '\\\\\\', '\\'.repeat(7), '\\'.repeat(15)]
const doubled = ['\\', '\\\\', '\\'.repeat(4), '\\'.repeat(8), '\\'.repeat(16)]

const letterEscapes: Readonly<Record<string, readonly string[]>> = {
  '\n': ['n'],
  '\r': ['r'],
  '\t': ['t'],
  '\b': ['b'],
  '\f': ['f'],
  '\v': ['v'],
  '\x07': ['a'],
  '\x1b': ['e', 'E'],
}

const entities: Readonly<Record<string, readonly string[]>> = {
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  '"': ['&quot;'],
  "'": ['&apos;'],
}

/** How a shell closes its quotes, writes one, and opens them again; the same as JSON writes that. */
const requoted = ["'\\''", "'\\\\''", `'"'"'`, `'\\"'\\"'`]

function waysOf(letter: string): readonly string[] {
  const bytes = Buffer.from(letter)
  const raw = bytes.toString('latin1')
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'))
  const percent = hex.map((pair) => `%${pair}`).join('')
  if (/^[A-Za-z0-9]$/.test(letter)) return unique([raw, percent, percent.toUpperCase()])
  const units = Array.from({ length: letter.length }, (_, at) => letter.charCodeAt(at).toString(16).padStart(4, '0'))
  const backslashed = doubled
    .slice(0, 4)
    .flatMap((slashes) => [
      ...(letterEscapes[letter] ?? []).map((name) => slashes + name),
      ...cases(units.map((unit) => `${slashes}u${unit}`).join(''), `${slashes}u`),
      ...cases(hex.map((pair) => `${slashes}x${pair}`).join(''), `${slashes}x`),
      [...bytes].map((byte) => slashes + byte.toString(8).padStart(3, '0')).join(''),
    ])
  return unique([
    raw,
    percent,
    percent.toUpperCase(),
    ...backslashed,
    ...(letter === '\\' ? doubled : bytes.length === 1 ? escapes.map((slashes) => slashes + raw) : []),
    ...(letter === ' ' ? ['+'] : letter === '\n' ? ['\r\n'] : letter === "'" ? requoted : []),
    ...(entities[letter] ?? []),
    ...(bytes.length === 1 ? [`&#${bytes[0]};`] : []),
  ])
}

/** With its hexadecimal digits in lower and in upper case; what introduces them stays. */
function cases(text: string, introduction: string): readonly string[] {
  return [text, text.toUpperCase().replaceAll(introduction.toUpperCase(), introduction)]
}

function unique(ways: readonly string[]): readonly string[] {
  return [...new Set(ways)]
}

/**
 * The letters of base64 that the value alone decides when it begins `k` bytes (0, 1, 2) behind a multiple of three: 6 bits a
 * letter, so the first few and the last may be shared with its neighbours.
 */
function base64Of(value: string, k: number): Spelling {
  const bytes = Buffer.from(value)
  const text = Buffer.concat([Buffer.alloc(k), bytes]).toString('base64')
  const letters = text.slice(Math.ceil((8 * k) / 6), Math.floor((8 * (k + bytes.length)) / 6))
  return lazily(letters.length, (index) => {
    const letter = letters[index] ?? ''
    const ways = base64Ways[letter] ?? [letter]
    // Not before the third letter: much of any text would be looked at as the beginning of one.
    return index < 3 ? ways : [...ways, ...breaks.flatMap((end) => ways.map((way) => end + way))]
  })
}

const breaks = ['\n', '\r\n', '\\n', '\\r\\n']

const base64Ways: Readonly<Record<string, readonly string[]>> = {
  '+': ['+', '-', '%2B', '%2b'],
  '/': ['/', '_', '%2F', '%2f', '\\/'],
}
