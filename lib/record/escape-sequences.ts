/** Bytes as they are read where a terminal's escape sequences have been acted on, or stripped. */
export interface Plain {
  readonly bytes: Uint8Array
  /** Where each of them stands among all bytes. */
  readonly places: Uint32Array
  /** Where a sequence begins that may go on after the last byte; the number of all bytes where none does. */
  readonly end: number
}

/** The bytes without escape sequences (colours, titles, links); nothing where there are none, as in most texts. */
export function withoutSequences(bytes: Uint8Array): Plain | undefined {
  let begin = nextSequence(bytes, 0)
  if (begin === -1) return undefined
  const plain = new Uint8Array(bytes.length)
  const places = new Uint32Array(bytes.length)
  let length = 0
  let end = bytes.length
  for (let at = 0; at < end; ) {
    for (const to = begin === -1 ? bytes.length : begin; at < to; at++, length++) {
      plain[length] = bytes[at] ?? 0
      places[length] = at
    }
    if (begin === -1) break
    const after = sequenceEnd(bytes, begin)
    if (after === undefined) end = begin
    else {
      at = after
      begin = nextSequence(bytes, at)
    }
  }
  return { bytes: plain.subarray(0, length), places: places.subarray(0, length), end }
}

/** The place to read on from so that no sequence is cut in two: `held`, or before the sequences that it stands in or behind. */
export function outsideSequences({ places }: Plain, held: number): number {
  const before = places.findLastIndex((place) => place < held)
  return places[before + 1] === held ? held : (places[before] ?? -1) + 1
}

const esc = 0x1b
/** The first byte of the C1 controls in UTF-8: U+009B is the same as `ESC [`. */
const c1 = 0xc2

/** A sequence is over by then, so that no more than this is ever kept back: titles and links are far shorter. */
const longest = 4096

function nextSequence(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(esc, from)
  const end = at === -1 ? bytes.length : at
  for (let c = bytes.indexOf(c1, from); c !== -1 && c < end; c = bytes.indexOf(c1, c + 1))
    if (c + 1 === bytes.length || isIntroducer(bytes[c + 1])) return c
  return at
}

/** DCS, SOS, CSI, OSC, PM and APC as second bytes of C1 controls; as what follows ESC they are 0x40 less. */
function isIntroducer(byte: number | undefined): boolean {
  return byte === 0x90 || byte === 0x98 || byte === 0x9b || byte === 0x9d || byte === 0x9e || byte === 0x9f
}

/** Where the sequence from `from` on has ended, nothing where it may go on: the states of ECMA-48 as terminals have them. */
function sequenceEnd(bytes: Uint8Array, from: number): number | undefined {
  if (from + 1 >= bytes.length) return undefined
  const second = bytes[from + 1] ?? 0
  const kind = bytes[from] === esc ? second : second - 0x40
  if (isIntroducer(kind + 0x40)) return controlEnd(bytes, from, kind)
  // `ESC ( B` chooses letters, `ESC 7` saves where the cursor is; before anything else an ESC stands by itself.
  let at = from + 1
  while (at - from < longest && within(bytes[at], 0x20, 0x2f)) at++
  if (at === bytes.length) return undefined
  return within(bytes[at], 0x30, 0x7e) ? at + 1 : at
}

function controlEnd(bytes: Uint8Array, from: number, kind: number): number | undefined {
  const csi = kind === 0x5b
  for (let at = from + 2; at < bytes.length; at++) {
    const byte = bytes[at]
    // What people see is stripped line by line; the next sequence ends this one, and `ESC \` is stripped as one.
    if (byte === 0x0a || byte === esc || at - from === longest) return at
    // CAN and SUB; BEL where it ends a title.
    if (byte === 0x18 || byte === 0x1a || (byte === 0x07 && kind === 0x5d)) return at + 1
    if (csi && within(byte, 0x40, 0x7e)) return at + 1
    if (byte === c1 && bytes[at + 1] === 0x9c) return at + 2
    if (byte === c1 && isIntroducer(bytes[at + 1])) return at
  }
  return undefined
}

function within(byte: number | undefined, least: number, most: number): boolean {
  return byte !== undefined && byte >= least && byte <= most
}
