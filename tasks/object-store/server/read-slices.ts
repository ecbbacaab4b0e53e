import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileSlice } from './exchange.ts'

const pieceSize = 256 * 1024

/** The bytes of the slices in pieces, each file open only while it is read. */
export async function* readSlices(slices: readonly FileSlice[]): AsyncGenerator<Uint8Array> {
  for (const { path, offset, length } of slices) {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      let done = 0
      while (done < length) {
        const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, length - done))
        const { bytesRead } = await file.read(piece, 0, piece.byteLength, offset + done)
        if (bytesRead === 0) throw new Error(`the content file ${path} is shorter than its object`)
        done += bytesRead
        yield piece.subarray(0, bytesRead)
      }
    } finally {
      await file.close()
    }
  }
}
