/** A listener to bytes that hands on whole lines; called `tooLong` when one has more bytes than `most`, and then never again. */
export function linesOf(hear: (line: string) => void, most: number, tooLong: () => void): (bytes: Uint8Array) => void {
  let parts: Uint8Array[] = []
  let length = 0
  let over = false
  return (bytes) => {
    for (let at = 0; at < bytes.length && !over; ) {
      const end = bytes.indexOf(10, at)
      const piece = bytes.subarray(at, end === -1 ? bytes.length : end)
      length += piece.length
      if (length > most) {
        over = true
        parts = []
        return tooLong()
      }
      // A copy: the buffer is used again for the next bytes.
      parts.push(piece.slice())
      if (end === -1) return
      const line = Buffer.concat(parts).toString()
      parts = []
      length = 0
      at = end + 1
      hear(line)
    }
  }
}
