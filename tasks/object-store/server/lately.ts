/** The bytes of small files that were written of late: what a pipeline stores is mostly read soon after. */
export interface Lately {
  /** Whoever gives them must not change them any more. */
  keep(id: string, bytes: Uint8Array): void
  get(id: string): Uint8Array | undefined
  /** For a file that is gone, or is written again. */
  forget(id: string): void
}

/** What a file takes beside its bytes. */
const around = 1024

/** Up to so many bytes; what was written first goes first. */
export function keepLately(most: number): Lately {
  const files = new Map<string, Uint8Array>()
  let held = 0
  const forget = (id: string) => {
    const bytes = files.get(id)
    if (bytes === undefined) return
    held -= bytes.byteLength + around
    files.delete(id)
  }
  return {
    keep(id, bytes) {
      forget(id)
      // A small piece may be a part of what came over the network, all of which it would keep.
      const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
      files.set(id, own)
      held += own.byteLength + around
      for (const oldest of files.keys()) {
        if (held <= most) break
        forget(oldest)
      }
    },
    get: (id) => files.get(id),
    forget,
  }
}
