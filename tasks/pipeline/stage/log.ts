/** A file that a stage has on local disk or has sent to its store; the evidence DESIGN §7 asks for. */
export interface FileFacts {
  /** Absolute path on local disk. */
  readonly path: string
  /** The object it came from or becomes. */
  readonly uri: string
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
}

export type StageEvent =
  | { readonly event: 'started'; readonly settings: Readonly<Record<string, unknown>> }
  | { readonly event: 'looked'; readonly found: number; readonly ignored: number; readonly new: number }
  | ({ readonly event: 'staged' } & FileFacts)
  | ({ readonly event: 'written' } & FileFacts)
  /** `seconds`: how long the upload took, which had ended when the line was written. */
  | ({ readonly event: 'uploaded'; readonly seconds: number } & FileFacts)
  | { readonly event: 'failed'; readonly uri: string; readonly reason: string; readonly again: boolean }
  | { readonly event: 'progress'; readonly done: number; readonly of: number }
  | { readonly event: 'recovered'; readonly images: number }
  | { readonly event: 'manifest'; readonly uri: string; readonly objects: number }
  | { readonly event: 'repeated'; readonly request: string; readonly reason: string }
  | { readonly event: 'trouble'; readonly reason: string }
  | { readonly event: 'stopping'; readonly reason: string }
  | ({ readonly event: 'summary' } & Readonly<Record<string, unknown>>)

export type StageLog = (event: StageEvent) => void

const levels: Partial<Record<StageEvent['event'], string>> = {
  failed: 'error',
  trouble: 'error',
  recovered: 'warn',
  repeated: 'warn',
}

/** Events as JSON lines, each with `time` (ISO 8601 UTC), `level`, `event` and what belongs to it. */
export function stageLog(write: (line: string) => void): StageLog {
  return (event) =>
    write(JSON.stringify({ time: new Date().toISOString(), level: levels[event.event] ?? 'info', ...event }))
}
