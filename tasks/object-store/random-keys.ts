import { randomBytes } from 'node:crypto'

/** Keys that look like S3's and that nobody else has. */
export function randomKeys(): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return {
    accessKeyId: `ASSAY${randomBytes(10).toString('hex').toUpperCase().slice(0, 15)}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
}
