import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { type Mask, maskOf } from '../../../lib/record/mask.ts'
import { leaks, secretValue, spellings } from './spelt.ts'

setDefaultTimeout(60_000)

/** What a stream lets through of a text that comes in these pieces, at once and in all. */
function streamed(mask: Mask, text: string, cuts: readonly number[]) {
  const bytes = Buffer.from(text)
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const stream = mask.stream()
  const out: Buffer[] = []
  let at = 0
  for (const end of [...ends, bytes.length]) {
    out.push(Buffer.from(stream.push(bytes.subarray(at, end))))
    at = end
  }
  const early = Buffer.concat(out)
  return { early: early.toString(), all: Buffer.concat([early, stream.end()]).toString() }
}

const names = Object.keys(spellings)

/** What terminals act on and show nothing of. */
const sequence = fc.oneof(
  fc.stringMatching(/^[0-9;?]{0,6}[ ]?[A-Za-z~@]$/).map((colour) => `\x1b[${colour}`),
  fc
    .tuple(fc.stringMatching(/^[0-9]{1,2};[a-z:/]{0,12}$/), fc.constantFrom('\x07', '\x1b\\'))
    .map(([title, end]) => `\x1b]${title}${end}`),
  fc.constantFrom('\x1b(B', '\x1b7', '\x1b=', '\x1bc', '\x1b#8', '\u009b0m', '\x1bPq\x1b\\'),
)

function withSequences(text: string, sequences: readonly (readonly [number, string])[]): string {
  const letters = [...text]
  for (const [at, one] of sequences) letters.splice(at % (letters.length + 1), 0, one)
  return letters.join('')
}

describe('a secret', () => {
  test('is found in every spelling, wherever it stands and however it is split', () => {
    fc.assert(
      fc.property(
        secretValue,
        fc.constantFrom(...names),
        fc.string({ unit: fc.constantFrom(...'ghijk \n{}:,12') }),
        fc.string({ unit: fc.constantFrom(...'ghijk \n{}:,12') }),
        fc.array(fc.nat(2000), { maxLength: 12 }),
        (secret, name, before, after, cuts) => {
          const mask = maskOf({ MY_TOKEN: secret })
          const text = `${before}${spellings[name]?.(secret)}${after}`
          expect(leaks(text, secret)).toBe(true)
          const shown = mask(text)
          expect(leaks(shown, secret)).toBe(false)
          expect(shown.startsWith(before)).toBe(true)
          expect(shown.endsWith(after)).toBe(true)
          expect(streamed(mask, text, cuts).all).toBe(shown)
        },
      ),
      { numRuns: 600 },
    )
  })

  test('is found where escape sequences stand in it, wherever they and the text are split', () => {
    fc.assert(
      fc.property(
        secretValue.filter((value) => !value.includes('\x1b')),
        fc.constantFrom(...names),
        fc.array(fc.tuple(fc.nat(400), sequence), { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(2000), { maxLength: 12 }),
        fc.boolean(),
        (secret, name, sequences, cuts, everywhere) => {
          const mask = maskOf({ MY_TOKEN: secret })
          const text = withSequences(`<${spellings[name]?.(secret)}>`, sequences)
          expect(leaks(Bun.stripANSI(text), secret)).toBe(true)
          const shown = mask(text)
          expect(leaks(Bun.stripANSI(shown), secret)).toBe(false)
          expect(leaks(shown, secret)).toBe(false)
          const ends = everywhere ? [...Buffer.from(text).keys()] : cuts
          expect(streamed(mask, text, ends).all).toBe(shown)
        },
      ),
      { numRuns: 600 },
    )
  })

  test.each([
    ['of grep', 'url=x?t=Zq7+\x1b[01;31m\x1b[Khunter2\x1b[m\x1b[K/secretVal\x1b[m', 'url=x?t=***\x1b[m'],
    ['of a title', 'Zq7+hun\x1b]0;title\x07ter2/secretVal', '***'],
    ['of a link', 'Zq7+hun\x1b]8;;http://host/\x1b\\ter2/secret\x1b]8;;\x1b\\Val', '***'],
    ['of tput sgr0', 'Zq7+hun\x1b(B\x1b[mter2/secretVal', '***'],
    ['of C1', 'Zq7+hun\u009b1mter2/secretVal', '***'],
    ['that was cut off', 'Zq7+hun\x1b[31mter2\x1b[3', '***\x1b[3'],
    [
      'cut off at the end of a line',
      'Zq7+hunter2/\x1b[3\nsecretVal, Zq7+hunter2/\x1b[1msecretVal',
      '***\x1b[3\nsecretVal, ***',
    ],
    ['around what is none', '\x1b[31mZq7+\x1b[m, hunter2\x1b]0;x', '\x1b[31mZq7+\x1b[m, hunter2\x1b]0;x'],
  ])('is found in spite of a sequence %s', (_, text, shown) => {
    const mask = maskOf({ MY_TOKEN: 'Zq7+hunter2/secretVal' })
    expect(mask(text)).toBe(shown)
    for (let cut = 0; cut <= Buffer.byteLength(text); cut++) expect(streamed(mask, text, [cut]).all).toBe(shown)
  })

  test('that holds escape sequences is found where they were stripped, or are others', () => {
    const mask = maskOf({ MY_TOKEN: 'Zq7+\x1b[31mhunter2' })
    expect(mask('Zq7+\x1b[31mhunter2, Zq7+hunter2, Zq\x1b[1m7+\x1b[31mhunter2')).toBe('***, ***, ***')
  })

  test('is found when every byte comes by itself, and among others that begin or end in it', () => {
    fc.assert(
      fc.property(secretValue, secretValue, fc.nat(20), (first, second, overlap) => {
        const inner = first.slice(-overlap - 1) + second
        const mask = maskOf({}, [first, inner, first.slice(0, 9)])
        const text = `<${first}${second}> ${first}${inner}`
        const bytes = Buffer.from(text)
        const { all } = streamed(mask, text, [...bytes.keys()])
        for (const secret of [first, inner]) expect(all.includes(secret)).toBe(false)
        expect(all).toBe(mask(text))
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['https://user:pass-word@host/path', 'https://user:***@host/path'],
    ['redis://:pass-word@host', 'redis://:***@host'],
    ['"https:\\/\\/user:pass-word@host\\/path"', '"https:\\/\\/user:***@host\\/path"'],
    ['https://host:8080/a@b http://127.0.0.1:9000', 'https://host:8080/a@b http://127.0.0.1:9000'],
    ['git@github.com:a/b.git s3://bucket/key:a@b', 'git@github.com:a/b.git s3://bucket/key:a@b'],
    [
      'GET /a?X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=1&x-amz-signature=0123456789abcdef0123456789abcdef',
      'GET /a?X-Amz-Credential=***&X-Amz-Date=1&x-amz-signature=***',
    ],
    [
      '?AWSAccessKeyId=a&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D&Expires=1',
      '?AWSAccessKeyId=a&Signature=***&Expires=1',
    ],
    ['{"X-Amz-Security-Token": "FwoGZXIvYXdzEBYaD+/=x"}', '{"X-Amz-Security-Token": "***"}'],
    ['u=a%3FX-Amz-Signature%3D0123456789abcdef0123456789abcdef%26b', 'u=a%3FX-Amz-Signature%3D***'],
    ['the signature is wrong, Signature=none', 'the signature is wrong, Signature=none'],
  ])('shows by where it stands: %s', (text, shown) => {
    const mask = maskOf({})
    expect(mask(text)).toBe(shown)
    for (let cut = 0; cut <= text.length; cut++) expect(streamed(mask, text, [cut]).all).toBe(shown)
  })

  test('that a text was cut off in shows none of it', () => {
    const secret = 'correct horse battery staple'
    const mask = maskOf({ A_PASSWORD: secret })
    expect(mask(`it was ${secret.slice(0, 12)}`)).toBe('it was ***')
    expect(mask(`it was ${secret.slice(0, 12)}… and so on`)).toBe('it was ***… and so on')
    expect(streamed(mask, `it was ${secret.slice(0, 12)}`, [3, 9, 11]).all).toBe('it was ***')
    const [start = ''] =
      Buffer.from(secret)
        .toString('base64')
        .match(/^.{10}/) ?? []
    for (const text of [`${start}\nand`, `${start}\r\nand`, `${start}… and`]) {
      expect(mask(text)).toBe(text.replace(start, '***'))
      for (let cut = 0; cut <= text.length + 2; cut++) expect(streamed(mask, text, [cut]).all).toBe(mask(text))
    }
  })

  test('of several lines is found line by line too, and its frame alone is none', () => {
    const [first, second] = ['MIIEvQIBADANBgkqhkiG9w0BAQEF', 'AASCBKcwggSjAgEAAoIBAQC7VJTUt9Us']
    const pem = `-----BEGIN PRIVATE KEY-----\n${first}\n${second}\n-----END PRIVATE KEY-----\n`
    const mask = maskOf({ TLS_KEY: pem })
    expect(mask(pem)).toBe('***')
    expect(mask(`key: ${first}`)).toBe('key: ***')
    expect(mask(pem.replaceAll('\n', ' '))).not.toContain(second)
    expect(mask('-----BEGIN PRIVATE KEY----- here')).toBe('-----BEGIN PRIVATE KEY----- here')
  })

  test('in base64 is found where its lines are broken', () => {
    const secret = 'a rather long secret, which base64 breaks into several lines of seventy-six letters each'
    const lines =
      Buffer.from(`x${secret}`)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    for (const end of ['\n', '\r\n'])
      expect(leaks(maskOf({}, [secret])(lines.join(end)).replaceAll(end, ''), secret)).toBe(false)
  })

  test('that is made while a stream is under way is found in it from then on', () => {
    const mask = maskOf({})
    const stream = mask.stream()
    expect(Buffer.from(stream.push(Buffer.from('made-later '))).toString()).toBe('made-later ')
    mask.add('made-later')
    expect(Buffer.from(stream.push(Buffer.from('made-later '))).toString()).toBe('*** ')
  })
})

describe('what counts as secret', () => {
  const region = { AWS_REGION: 'us-east-1', S3_REGION: 'eu-central-1', HOME: '/home/someone' }

  test.each([
    [{ AWS_SECRET_ACCESS_KEY: 'value-of-it' }, '***'],
    [{ AWS_ACCESS_KEY_ID: 'value-of-it' }, '***'],
    [{ AWS_SESSION_TOKEN: 'value-of-it' }, '***'],
    [{ HF_TOKEN: 'value-of-it' }, '***'],
    [{ MYSQL_PWD: 'value-of-it' }, '***'],
    [{ PWD: 'value-of-it', OLDPWD: 'value-of-it' }, 'value-of-it'],
    [{ MLFLOW_TRACKING_USERNAME: 'value-of-it' }, '***'],
    [{ MLFLOW_TRACKING_PASSWORD: 'value-of-it' }, '***'],
    [{ MLFLOW_TRACKING_TOKEN: 'value-of-it' }, '***'],
    [{ DATABASE_URL: 'postgres://me:value-of-it@host/db' }, '***'],
    [{ DATABASE_URL: 'postgres://me:value%2Dof-it@host/db' }, '***'],
    [{ MY_KEY: ' value-of-it\n' }, '***'],
    [{ GOOGLE_CREDENTIALS_FILE: 'value-of-it' }, 'value-of-it'],
    [{ KEY_REGION: 'value-of-it' }, 'value-of-it'],
    [{ PLAIN: 'value-of-it' }, 'value-of-it'],
  ])('%j', (env, shown) => expect(maskOf(env)('value-of-it')).toBe(shown))

  test.each(['', 'true', 'false', 'none', '12345', 'us-east-1'])(
    'a value such as %j is not masked everywhere',
    (value) => {
      const env = { ...region, TOKENIZERS_PARALLELISM: value.length < 6 ? value : 'true', EMPTY_KEY: '' }
      const text = `true false none 12345 us-east-1 eu-central-1 /home/someone ${value}`
      expect(maskOf(env, value.length < 6 ? [value] : [])(text)).toBe(text)
    },
  )
})

describe('what is no secret', () => {
  const word = fc.string({ unit: fc.constantFrom(...'nopqrstuvwxyz0123 \n":{}/✓') })

  test('comes through as it is, and at once', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), fc.stringMatching(/^[A-M]{8,20}$/), (words, secret) => {
        const text = words.join('-')
        const mask = maskOf({ MY_TOKEN: secret })
        fc.pre(!text.includes('://'))
        expect(mask(text)).toBe(text)
        const cuts = [...text].map((_, at) => at)
        const { early, all } = streamed(mask, text, cuts)
        expect(all).toBe(text)
        // Two letters may begin the secret in base64.
        expect(text.length - early.length).toBeLessThanOrEqual(4)
      }),
      { numRuns: 300 },
    )
  })

  test('is kept back by no more than what may be the beginning of one', () => {
    const stream = maskOf({ MY_TOKEN: 'secret-value' }).stream()
    expect(Buffer.from(stream.push(Buffer.from('is it a sec'))).toString()).toBe('is it a ')
    expect(Buffer.from(stream.push(Buffer.from('ond one? '))).toString()).toBe('second one? ')
    expect(Buffer.from(stream.push(Buffer.from('a \x1b[3'))).toString()).toBe('a ')
    expect(Buffer.from(stream.push(Buffer.from('1mone'))).toString()).toBe('\x1b[31mone')
    // A title that never ends.
    expect(stream.push(Buffer.from(`\x1b]0;${' '.repeat(10_000)}`)).length).toBe(10_004)
    expect(stream.end().length).toBe(0)
  })
})
