/** SHA-256 in hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return Bun.SHA256.hash(content, 'hex')
}
