/** Where runs are kept. The one way in which lib touches results on disk; files for people, memory for tests. */
export interface Store {
  /** A new, empty run. Throws a Problem when the place cannot be written. */
  create(plan: string, run: string): RunStore
  /** An existing run, a torn last line cut off its journal. */
  open(plan: string, run: string): RunStore
  /** The journal's text as it stands; undefined where there is no such run. */
  read(plan: string, run: string): string | undefined
  /** The last complete line of the journal; undefined where there is none. */
  lastLine(plan: string, run: string): string | undefined
  /** The names of the plans that have runs, sorted. */
  plans(): readonly string[]
  /** A plan's run ids, oldest first. */
  runs(plan: string): readonly string[]
  /** What a person calls the run: its folder. */
  pathOf(plan: string, run: string): string
  /** Whether `path` was one below the run's folder, here or where that was before, and nothing is there. */
  isGone(plan: string, run: string, path: string): boolean
  /** Whether a process goes on with the run. */
  goesOn(plan: string, run: string): boolean
  /** Holds the plan against other runs of it until released or until this process is gone. */
  lock(plan: string, holder: LockHolder): Lock
}

export interface RunStore {
  readonly path: string
  /** Writes whole lines at once, so that they outlive this process. Throws a Problem when the disk will not take them. */
  append(lines: string): void
  /** Resolves when everything appended so far outlives a power cut. */
  sync(): Promise<void>
  /** Writes a file of the run so that it is there whole or not at all; returns its path. */
  write(name: string, content: string | Uint8Array): string
  /** Adds to a file of the run that only people read, within a moment: nothing waits for it and nothing relies on it. */
  log(name: string, text: string): void
  /** Makes a folder of the run and returns its path. */
  folder(name: string): string
  /** Removes a folder of the run with all that is in it. */
  remove(name: string): void
  close(): void
}

export interface LockHolder {
  readonly run: string
  readonly pid: number
  readonly host: string
  readonly since: string
  /** Which start of the host's kernel it belongs to; absent in locks of an older Assay, as is the next. */
  readonly boot?: string | undefined
  /** When its process began, in the system's own words. */
  readonly started?: string | undefined
}

export type Lock =
  /** `tookOver`: who had it, and died. */
  | { readonly kind: 'held'; readonly tookOver?: LockHolder | undefined; release(): void }
  /** `file`: only that host could say whether it goes on; the file to delete when it is gone. */
  | { readonly kind: 'busy'; readonly holder: LockHolder | undefined; readonly file?: string | undefined }
