/** Keys that look like S3's and that nobody else has. */
export function randomKeys(): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return {
    accessKeyId: `ASSAY${random(10).toHex().toUpperCase().slice(0, 15)}`,
    secretAccessKey: random(30).toBase64({ alphabet: 'base64url' }),
  }
}

function random(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes))
}
