import { S3Error } from './s3-error.ts'

/** A request as it came in: nothing decoded but the query. */
export interface S3Request {
  readonly method: string
  /** From the request line, up to the `?`. */
  readonly path: string
  readonly query: Readonly<Record<string, readonly string[]>>
  /** Names in lower case, values as UTF-8. */
  readonly headers: Readonly<Record<string, string>>
  /** Gives the body to `deliver` piece by piece as it comes in and resolves at its end; rejects with what `deliver` throws. */
  readonly read: (deliver: (bytes: Uint8Array) => void) => Promise<void>
  /** When its head had been read, in milliseconds since 1970 with a fraction. */
  readonly arrived: number
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
}

export type Body = string | Buffered | FileSlices | Pieces

/** Bytes in a buffer that is used again: `release` is called once they are with the operating system, or never. */
export interface Buffered {
  readonly bytes: Uint8Array
  readonly length: number
  readonly release: () => void
}

/** Bytes as they come; the connection ends with an error of theirs. */
export interface Pieces {
  readonly pieces: AsyncIterable<Uint8Array>
  readonly length: number
}

/** Bytes of content files, one after the other. `release` is called once they have been sent or given up. */
export interface FileSlices {
  readonly slices: readonly FileSlice[]
  readonly length: number
  readonly release: () => void
}

export interface FileSlice {
  readonly path: string
  readonly offset: number
  readonly length: number
}

export function parameter(request: S3Request, name: string): string | undefined {
  return request.query[name]?.[0]
}

/** A parameter that must be a whole number of at least 0, if there. */
export function numberParameter(request: S3Request, name: string, fallback: number): number {
  const value = parameter(request, name)
  if (value === undefined) return fallback
  if (!/^\d{1,10}$/.test(value) || Number(value) > 2147483647) {
    throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      ArgumentName: name,
      ArgumentValue: value,
    })
  }
  return Number(value)
}

/** What comes in a URL may hold what no header can: a line end would begin a header of the sender's making. */
export function headerValue(name: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (!/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return value
  throw new S3Error('InvalidArgument', `The value of ${name} holds a character that no header can.`, {
    ArgumentName: name,
    ArgumentValue: value,
  })
}

export function xmlAnswer(body: string, status = 200, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}
