import type { Spelling } from './spellings.ts'

/**
 * What is found at a place: nothing; all of something from one byte to another; or, where the text ends too early to know, what would
 * be more of it if the text went on (`open`), or what would only then be something (`begun`).
 */
export type Found =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'whole' | 'open' | 'begun'; readonly from: number; readonly to: number }

/** Of something that a text or a line was cut off in, this many bytes are enough. */
export const leastOfOne = 8

export const nothing: Found = { kind: 'nothing' }

/** Something to look for. */
export interface Finder {
  /** Every three bytes that it can begin with, as Latin-1. */
  readonly beginnings: readonly string[]
  /** Looks at what begins at `at`. */
  find(bytes: Uint8Array, at: number): Found
}

/** Looks for a value, of three letters at least, in one of its spellings. */
export function finderOf(spelling: Spelling): Finder {
  return { beginnings: beginningsOf(spelling, 0, ''), find: (bytes, at) => follow(spelling, bytes, at) }
}

function beginningsOf(spelling: Spelling, index: number, before: string): string[] {
  if (before.length >= 3) return [before.slice(0, 3)]
  return spelling.at(index).flatMap((way) => beginningsOf(spelling, index + 1, before + way))
}

/** Every way of writing it is followed at once: which way a place was written may show only later. */
function follow(spelling: Spelling, bytes: Uint8Array, at: number): Found {
  let places = [at]
  let cut = at
  for (let index = 0; index < spelling.length; index++) {
    const next: number[] = []
    for (const place of places)
      for (const way of spelling.at(index)) {
        const same = sameBytes(bytes, place, way)
        const end = place + same
        if (same === way.length) {
          if (!next.includes(end)) next.push(end)
        } else cut = Math.max(cut, cutAt(bytes, end))
      }
    if (next.length === 0) return partOf(at, cut, bytes.length)
    places = next
  }
  // `&` may turn out to be the first letter of `&amp;`.
  return { kind: cut === bytes.length ? 'open' : 'whole', from: at, to: Math.max(...places) }
}

function partOf(from: number, to: number, end: number): Found {
  if (from === to) return nothing
  if (to === end) return { kind: 'begun', from, to }
  return to - from < leastOfOne ? nothing : { kind: 'whole', from, to }
}

function sameBytes(bytes: Uint8Array, at: number, text: string): number {
  let same = 0
  while (same < text.length && bytes[at + same] === text.charCodeAt(same)) same++
  return same
}

const ellipsis = Buffer.from('…').toString('latin1')

/** Where a text that was cut off ends: here at the end of a line, before `…` or at the end of all; 0 where it was not cut off. */
function cutAt(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x0a || bytes[at] === 0x0d) return at
  const same = sameBytes(bytes, at, ellipsis)
  if (same === ellipsis.length) return at
  // What there is of it may become `…`.
  return at + same === bytes.length ? bytes.length : 0
}

/** The last three bytes in 18 bits: what is shifted three times has gone. */
export function rolled(before: number, byte: number): number {
  return ((before << 6) ^ byte) & 0x3ffff
}

/** Finders by what they begin with. */
export interface Index {
  /** 1 where anything begins with three bytes that roll to that: a table, since every byte of a log is asked. */
  readonly table: Uint8Array
  finders(rolled: number): readonly Finder[]
  /** Whether anything begins with one or two bytes, which are the last there are. */
  begins(bytes: Uint8Array): boolean
}

export function indexOf(finders: readonly Finder[]): Index {
  const table = new Uint8Array(0x40000)
  const starts = new Set<string>()
  const byRolled = new Map<number, Finder[]>()
  for (const finder of finders)
    for (const text of new Set(finder.beginnings)) {
      const at = rolled(rolled(rolled(0, text.charCodeAt(0)), text.charCodeAt(1)), text.charCodeAt(2))
      table[at] = 1
      starts.add(text.slice(0, 1)).add(text.slice(0, 2))
      const list = byRolled.get(at)
      if (list === undefined) byRolled.set(at, [finder])
      else if (list.at(-1) !== finder) list.push(finder)
    }
  return {
    table,
    finders: (at) => byRolled.get(at) ?? [],
    begins: (bytes) => starts.has(Buffer.from(bytes).toString('latin1')),
  }
}
