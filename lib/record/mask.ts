import type { Masking, MaskStream } from '../plan/mask.ts'
import { outsideSequences, withoutSequences } from './escape-sequences.ts'
import { finderOf, type Index, indexOf, leastOfOne, rolled } from './search.ts'
import { secretsIn } from './secrets.ts'
import { spellingsOf } from './spellings.ts'
import { passwordsInUrls, signatures } from './url-secrets.ts'

/** Replaces every secret by `***`. */
export interface Mask extends Masking {
  /** A value that is a secret too from now on, in streams that are under way as well. */
  add(secret: string): void
}

/** A mask for the secrets among variables, and `more`; signatures and passwords in URLs are masked wherever they come from. */
export function maskOf(env: Readonly<Record<string, string | undefined>>, more: readonly string[] = []): Mask {
  const added = [...more]
  let index: Index | undefined
  const current = () => {
    index ??= indexOf([...secretsIn(env, added).flatMap(spellingsOf).map(finderOf), signatures, passwordsInUrls])
    return index
  }
  return Object.assign((text: string) => maskText(text, current()), {
    stream: () => maskStream(current),
    add(secret: string) {
      added.push(secret)
      index = undefined
    },
  })
}

function maskText(text: string, index: Index): string {
  if (isPlain(text, index)) return text
  const bytes = Buffer.from(text)
  const { regions, held } = search(bytes, [], index, 'all')
  return regions.length === 0 ? text : Buffer.concat(shown(bytes, regions, held)).toString()
}

/** Whether no secret begins anywhere in it: most texts are told by this, at a nanosecond a letter. */
function isPlain(text: string, { table }: Index): boolean {
  if (text.includes('\x1b')) return false
  let last = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    last = rolled(last, code)
    if (code > 127 || table[last] === 1) return false
  }
  return true
}

/** Keeps back what may be the beginning of a secret until it is known, and nothing else. */
function maskStream(index: () => Index): MaskStream {
  let rest: Uint8Array = empty
  let regions: readonly Region[] = []
  const next = (chunk: Uint8Array, part: 'some' | 'all') => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const found = search(bytes, regions, index(), part)
    const { held } = found
    // A copy: the chunk's buffer may be used again for the next one.
    rest = held < bytes.length ? bytes.slice(held) : empty
    regions = found.regions.flatMap(({ from, to, shown }) =>
      to > held ? [{ from: Math.max(0, from - held), to: to - held, shown: shown || from < held }] : [],
    )
    if (found.regions.length === 0) return held === bytes.length ? bytes : bytes.subarray(0, held)
    return Buffer.concat(shown(bytes, found.regions, held))
  }
  return { push: (chunk) => next(chunk, 'some'), end: () => next(empty, 'all') }
}

const empty = new Uint8Array(0)
const stars = Buffer.from('***')

/** Bytes that are not to be seen; `shown`: the stars in their place have been. */
interface Region {
  readonly from: number
  readonly to: number
  readonly shown: boolean
}

interface Searched {
  readonly regions: readonly Region[]
  /** What lies from here on may be the beginning of a secret. */
  readonly held: number
}

/** Finds the secrets in bytes of which, for `some`, more will follow, also those that escape sequences stand in. */
function search(bytes: Uint8Array, known: readonly Region[], index: Index, part: 'some' | 'all'): Searched {
  const asIs = searchBytes(bytes, index, part)
  const plain = withoutSequences(bytes)
  if (plain === undefined) return { regions: merged([...known, ...asIs.regions]), held: asIs.held }
  const inPlain = searchBytes(plain.bytes, index, part)
  const regions = inPlain.regions.map(({ from, to }) => ({
    from: plain.places[from] ?? 0,
    to: (plain.places[to - 1] ?? 0) + 1,
    shown: false,
  }))
  const held =
    part === 'all'
      ? bytes.length
      : Math.min(
          asIs.held < bytes.length ? outsideSequences(plain, asIs.held) : bytes.length,
          plain.places[inPlain.held] ?? plain.end,
        )
  return { regions: merged([...known, ...asIs.regions, ...regions]), held }
}

/** Every place is looked at, also inside of what was found, since one secret may begin in another. */
function searchBytes(bytes: Uint8Array, { table, finders, begins }: Index, part: 'some' | 'all'): Searched {
  const regions: Region[] = []
  let held = bytes.length
  let last = 0
  for (let end = 0; end < bytes.length && held === bytes.length; end++) {
    last = rolled(last, bytes[end] ?? 0)
    if (table[last] !== 1 || end < 2) continue
    const at = end - 2
    for (const finder of finders(last)) {
      const one = finder.find(bytes, at)
      if (one.kind === 'nothing') continue
      if (one.kind !== 'whole' && part === 'some') held = at
      else if (one.kind !== 'begun' || one.to - one.from >= leastOfOne)
        regions.push({ from: one.from, to: one.to, shown: false })
    }
  }
  if (part === 'some')
    for (const count of [2, 1])
      if (held === bytes.length && count <= held && begins(bytes.subarray(held - count))) held -= count
  return { regions, held }
}

function merged(regions: readonly Region[]): readonly Region[] {
  if (regions.length < 2) return regions
  const result: Region[] = []
  for (const region of [...regions].sort((a, b) => a.from - b.from || Number(b.shown) - Number(a.shown))) {
    const before = result.at(-1)
    if (before === undefined || region.from >= before.to) result.push(region)
    else if (region.to > before.to) result[result.length - 1] = { ...before, to: region.to }
  }
  return result
}

/** What may be seen of the bytes before `end`. */
function shown(bytes: Uint8Array, regions: readonly Region[], end: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = []
  let at = 0
  for (const region of regions) {
    if (region.from >= end) break
    parts.push(bytes.subarray(at, region.from))
    if (!region.shown) parts.push(stars)
    at = region.to
  }
  if (at < end) parts.push(bytes.subarray(at, end))
  return parts
}
