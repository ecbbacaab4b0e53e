/** Takes secrets out of what is kept or shown. */
export interface Masking {
  (text: string): string
  /** For bytes that come in pieces: a secret is found wherever they are split. One for each stream. */
  stream(): MaskStream
}

export interface MaskStream {
  /** What can be shown by now, good until the next call; kept back is only what may be the beginning of a secret. */
  push(bytes: Uint8Array): Uint8Array
  /** What was kept back. */
  end(): Uint8Array
}
