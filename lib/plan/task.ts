import type { WorkContext } from './context.ts'
import type { Params, ParamValues } from './param.ts'

/** A piece of domain work that also runs alone: `bun run task NAME --option value`. */
export interface Task<P extends Params = Params> {
  readonly name: string
  /** One line for the list of tasks. */
  readonly title: string
  /** Each option is a flag (`pollInterval` is `--poll-interval`) and, where `env` is given, a variable; the flag wins. */
  readonly options: P
  /** What it returns is printed as one JSON line on stdout; nothing is printed for `undefined`. */
  run(options: ParamValues<P>, context: TaskContext): Promise<unknown>
}

export interface TaskContext extends WorkContext {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Prints one JSON line on stdout before the task has ended (a server says where it listens, and with which keys: nothing in it is masked). */
  emit(value: unknown): void
}

/** Declares a task; the default export of `tasks/<subject>/<name>.task.ts`. */
export function defineTask<P extends Params>(task: Task<P>): Task<P> {
  return task
}
