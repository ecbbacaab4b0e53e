import type { FaultKind, Faults } from '../faults.ts'
import { openAccessRecord } from './access-record.ts'
import type { S3Request } from './exchange.ts'

/** What is to go wrong with one request. */
export interface Fault {
  readonly kind: FaultKind
  /** A number from 0 below 1 for each question of how. */
  dice(question: string): number
  /** It has been done. */
  happened(): void
}

/** One fault as written to `faults.jsonl` beside the data. */
export interface FaultEvent {
  readonly kind: FaultKind
  readonly method: string
  readonly path: string
  /** How often this request had been made, this time included. */
  readonly time: number
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface FaultSource {
  /** What is to go wrong with this request, if anything. */
  next(request: S3Request): Fault | undefined
  close(): void
}

/**
 * Decides by seed, request and how often it was made, not by one sequence for all: whatever order concurrent requests come in, each meets
 * the same faults.
 */
export function openFaults({ rate, kinds, seed, first = Number.POSITIVE_INFINITY }: Faults, file: string): FaultSource {
  const times = new Map<string, number>()
  const record = openAccessRecord<FaultEvent>(file)
  return {
    next(request) {
      const { method, path } = request
      const name = `${method} ${path} ${distinguishing(request)}`
      const time = (times.get(name) ?? 0) + 1
      times.set(name, time)
      const dice = (question: string) =>
        Number(BigInt.asUintN(32, Bun.hash(`${seed} ${time} ${question} ${name}`))) / 2 ** 32
      if (time > first || dice('whether') >= rate) return undefined
      const possible = kinds.filter((kind) => fits(kind, request))
      const kind = possible[Math.floor(dice('what') * possible.length)]
      if (kind === undefined) return undefined
      return { kind, dice, happened: () => record.add({ kind, method, path, time, at: Date.now() }) }
    },
    close: () => record.close(),
  }
}

/** What of a query makes it another request; ids and signatures are other ones each time. */
function distinguishing({ query }: S3Request): string {
  const own = Object.entries(query).filter(([name]) => !/^x-/i.test(name))
  return own
    .map(([name, [value = '']]) => (name === 'uploadId' ? name : `${name}=${value}`))
    .sort()
    .join('&')
}

function fits(kind: FaultKind, request: S3Request): boolean {
  const { method } = request
  if (kind === 'truncate') return method === 'GET'
  if (kind === '500 after commit') return method !== 'GET' && method !== 'HEAD'
  // Of a listing nobody could tell: S3 gives no checksum of it.
  return kind !== 'corrupt' || (method === 'GET' && isObject(request))
}

function isObject({ path, query }: S3Request): boolean {
  return /^\/[^/]+\/./.test(path) && !['uploadId', 'attributes', 'tagging'].some((name) => name in query)
}
