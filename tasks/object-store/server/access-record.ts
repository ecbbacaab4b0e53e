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

export interface AccessRecord<Event> {
  add(event: Event): void
  close(): void
}

/** Appends each event as one write before its request is answered, so that who has the answer finds the line. */
export function openAccessRecord<Event>(file: string): AccessRecord<Event> {
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

/** Milliseconds by which a clock that is disciplined differs from one that is only counted on. */
const jitter = 100
let origin = performance.timeOrigin

/** Now by the system's clock, as files are dated, in milliseconds since 1970 with a fraction; follows a clock that was set, or that went on while the machine slept. */
export function preciseNow(): number {
  const counted = origin + performance.now()
  const step = Date.now() - counted
  if (Math.abs(step) < jitter) return counted
  origin += step
  return counted + step
}
