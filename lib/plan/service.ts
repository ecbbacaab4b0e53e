import type { WorkContext } from './context.ts'

/** Something that must be up while steps use it: started on first need, stopped after its last user. */
export interface Service<Client> {
  readonly name: string
  /**
   * Throws a Problem, or rejects with one, where it could not start: the environment tells it something wrong, or this machine lacks what
   * it takes. Asked before a run that uses it begins, and by a dry run, so it makes nothing.
   */
  precondition?(env: Readonly<Record<string, string | undefined>>, signal?: AbortSignal): void | Promise<void>
  start(context: ServiceContext): Promise<RunningService<Client>>
}

export interface RunningService<Client> {
  /** What steps get for the service's handle. */
  readonly client: Client
  /** What and where it is, for the terminal: `embedded, 127.0.0.1:41873`. */
  readonly detail: string
  /** There is none here, as its client says: whoever needs it skips itself, and nobody is told that it is up. */
  readonly absent?: true | undefined
  /** The GPU that the run's numbers are taken on, where this is it: the record names it in place of what the machine says of itself. */
  readonly gpu?: { readonly name: string; readonly driver: string }
  /** Resolves once it can be used; asked again after each rejection until it resolves or the deadline has passed. */
  ready(signal: AbortSignal): Promise<void>
  /** Ends it within so many milliseconds; the record keeps what that took of its process when it returns a `Stopped`. */
  stop(within: number): Promise<unknown>
  /** How many requests to it were repeated, for the record; asked once it has stopped. */
  retries?(): number
  /** Removes what it left in the world outside its folder; called after it was stopped, when the run passed and nobody asked to keep it. */
  discard?(): Promise<void>
}

export interface ServiceContext extends WorkContext {
  readonly plan: string
  readonly run: string
  /** A folder of its own in the run's folder; removed after a passed run unless `keep`. */
  readonly folder: string
  readonly keep: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** A value that is to be in no record from now on: a key that the service made. */
  secret(value: string): void
  /** Something a person should read before the plan goes on: printed at once and kept in the journal. */
  announce(sentence: string): void
}
