import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'

/** One object that became visible, as written to `requests.jsonl` beside the data. */
export interface PutEvent {
  readonly operation: 'PutObject' | 'CompleteMultipartUpload'
  readonly bucket: string
  readonly key: string
  readonly bytes: number
  /** When the request's head had been read, before its body: milliseconds since 1970 with a fraction. */
  readonly arrived: number
  /** When the object could first be read, on the same clock. */
  readonly visible: number
}

export interface AccessRecord {
  add(event: PutEvent): void
  close(): void
}

/** Appends each event as one write before its request is answered, so that who has the answer finds the line. */
export function openAccessRecord(file: string): AccessRecord {
  const handle = openSync(file, 'a+')
  // A line that a killed store left unfinished must not swallow the first one of ours.
  if (!endsInLine(handle)) writeSync(handle, '\n')
  return {
    add: (event) => void writeSync(handle, `${JSON.stringify(event)}\n`),
    close: () => closeSync(handle),
  }
}

function endsInLine(handle: number): boolean {
  const { size } = fstatSync(handle)
  if (size === 0) return true
  const last = Buffer.alloc(1)
  readSync(handle, last, 0, 1, size - 1)
  return last.toString() === '\n'
}

/** Now, in milliseconds since 1970 with a fraction that never runs backwards. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now()
}
