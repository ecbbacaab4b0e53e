export interface Buffers {
  /** At least so many bytes, with whatever they held before. */
  take(size: number): Uint8Array
  /** For the next who takes one; whoever gives it must not read it any more. */
  give(buffer: Uint8Array): void
}

const least = 64 << 10

/**
 * Buffers by powers of two, of which up to `kept` bytes wait to be used again: in a new one each page is first made and cleared by the
 * kernel, which takes longer than to read a file into it.
 */
export function openBuffers(kept: number): Buffers {
  const free = new Map<number, Uint8Array[]>()
  let waiting = 0
  return {
    take(size) {
      let capacity = least
      while (capacity < size) capacity *= 2
      const buffer = free.get(capacity)?.pop()
      if (buffer === undefined) return Buffer.allocUnsafeSlow(capacity)
      waiting -= capacity
      return buffer
    },
    give(buffer) {
      const capacity = buffer.byteLength
      if (waiting + capacity > kept) return
      waiting += capacity
      const others = free.get(capacity)
      if (others === undefined) free.set(capacity, [buffer])
      else others.push(buffer)
    },
  }
}
