import type { Catalog, ListedObject } from './catalog.ts'

/** What a listing finds, in byte order of names: an object, or the keys up to a delimiter rolled into one. */
export type Found =
  | { readonly kind: 'object'; readonly name: string; readonly object: ListedObject }
  | { readonly kind: 'prefix'; readonly name: string }

export interface Walk {
  readonly bucket: string
  readonly prefix: string
  readonly delimiter: string
  /** Names up to and with this one have been seen: a key, or a common prefix with all that is under it. */
  readonly after: string
}

/**
 * Walks a bucket lazily. Below each common prefix one key is read, however many there are.
 */
export function* walk(catalog: Catalog, { bucket, prefix, delimiter, after }: Walk): Generator<Found> {
  const end = prefix === '' ? undefined : successor(Buffer.from(prefix))
  let from: Uint8Array = Buffer.from(prefix)
  if (after !== '') {
    // A marker that is a common prefix stands for all its keys.
    const rolled =
      delimiter !== '' &&
      after.startsWith(prefix) &&
      after.endsWith(delimiter) &&
      commonPrefix(after, prefix, delimiter) === after
    const resumed = rolled ? successor(Buffer.from(after)) : Buffer.concat([Buffer.from(after), zero])
    if (resumed === undefined) return
    if (Buffer.compare(resumed, from) > 0) from = resumed
  }
  while (true) {
    let skipTo: Buffer | undefined
    for (const object of catalog.scan(bucket, from, end)) {
      const name = Buffer.from(object.key).toString()
      const common = delimiter === '' ? undefined : commonPrefix(name, prefix, delimiter)
      if (common === undefined) {
        yield { kind: 'object', name, object }
        continue
      }
      if (Buffer.compare(Buffer.from(common), Buffer.from(after)) > 0) yield { kind: 'prefix', name: common }
      skipTo = successor(Buffer.from(common))
      if (skipTo === undefined) return
      break
    }
    if (skipTo === undefined) return
    from = skipTo
  }
}

const zero = Buffer.alloc(1)

function commonPrefix(name: string, prefix: string, delimiter: string): string | undefined {
  const at = name.indexOf(delimiter, prefix.length)
  return at === -1 ? undefined : name.slice(0, at + delimiter.length)
}

/** The first byte string behind all that begin with `bytes`; undefined when there is none. */
function successor(bytes: Buffer): Buffer | undefined {
  for (let at = bytes.byteLength - 1; at >= 0; at--) {
    const byte = bytes[at] ?? 0xff
    if (byte === 0xff) continue
    const next = Buffer.from(bytes.subarray(0, at + 1))
    next[at] = byte + 1
    return next
  }
  return undefined
}
