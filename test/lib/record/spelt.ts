import fc from 'fast-check'

/** A value that could be secret: what masks are bad at, most of all. */
export const secretValue = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...'abcXYZ0189') },
      { weight: 3, arbitrary: fc.constantFrom(...'"\'\\/%+=&<>$`!#?*.,;:|~^-_@ ()[]{}') },
      { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\t', '\x1b') },
      { weight: 1, arbitrary: fc.constantFrom('é', 'ß', '✓', '日', '🔑', '\u2028') },
    ),
    { minLength: 8, maxLength: 60 },
  )
  .map((letters) => letters.join(''))
  // What a variable's value is when a program trims it counts too, and must not be short.
  .filter((value) => value.trim().length >= 8 && value.trim() === value)

const inJson = (text: string) => JSON.stringify(text).slice(1, -1)
const ascii = (text: string) =>
  inJson(text).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
const everyByte = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
const base64 = (before: string) => (text: string) => Buffer.from(`${before}${text}|after`).toString('base64')

/** Ways in which programs write a value, none of them by the code under test. */
export const spellings: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  'in JSON': inJson,
  'in JSON in JSON': (value) => inJson(inJson(value)),
  'in JSON of ASCII only': ascii,
  'in JSON with escaped slashes': (value) => inJson(value).replaceAll('/', '\\/'),
  percent: encodeURIComponent,
  'percent in lower case': (value) => encodeURIComponent(value).replace(/%../g, (pair) => pair.toLowerCase()),
  'percent, every byte': everyByte,
  'as a form': (value) => new URLSearchParams({ v: value }).toString().slice(2),
  'between quotes of a shell': (value) => value.replaceAll("'", "'\\''"),
  'in XML': (value) =>
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  'base64, first alignment': base64(''),
  'base64, second alignment': base64('a'),
  'base64, third alignment': base64('ab'),
  'base64 of a header': base64('user:'),
  'base64 for URLs': (value) => Buffer.from(`x:${value}`).toString('base64url'),
  'base64 in JSON': (value) => base64('abc')(value).replaceAll('/', '\\/'),
  'base64 for URLs, percent': (value) => encodeURIComponent(base64('a')(value)),
}

/**
 * Whether anything that the text says, read in every way that a reader might try, holds the value. It knows nothing of how
 * masks work: it decodes.
 */
export function leaks(text: string, value: string): boolean {
  const readings = [text, unescaped(text), unescaped(unescaped(text)), unquoted(text), unescaped(unquoted(text))]
  const decoded = readings.flatMap((reading) => [reading, unpercent(reading), unpercent(reading.replaceAll('+', ' '))])
  if ([...decoded, unXml(text)].some((reading) => reading.includes(value))) return true
  const bytes = Buffer.from(value)
  // A letter at either end of base64 is shared with what stands beside it.
  const core = bytes.subarray(1, bytes.length - 1)
  const runs = [...decoded.join('\n').matchAll(/[A-Za-z0-9+/_-]{8,}/g)].map(([run]) => run)
  return runs.some((run) => [0, 1, 2, 3].some((skip) => Buffer.from(run.slice(skip), 'base64').includes(core)))
}

function unescaped(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, what: string) => {
    if (what.length === 5) return String.fromCharCode(Number.parseInt(what.slice(1), 16))
    const known: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', e: '\x1b' }
    return known[what] ?? what
  })
}

function unquoted(text: string): string {
  return text.replaceAll("'\\''", "'")
}

/** As whole bytes, since one letter may be many of them. */
function unpercent(text: string): string {
  const latin = Buffer.from(text).toString('latin1')
  const bytes = latin.replace(/%([0-9a-fA-F]{2})/g, (_, pair: string) => String.fromCharCode(Number.parseInt(pair, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

function unXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
