import { signalGroup } from './group.ts'
import { groupBegan, groupEnded, holdTree } from './tree.ts'

/** A program that was started in a process group of its own. */
export interface Program {
  /** The first word of its command. */
  readonly name: string
  /** Milliseconds it has to end after SIGTERM, before it is killed. */
  readonly grace: number
}

const running = new Map<number, Program>()

/**
 * Starts a program with `spawn`, which returns its process group, so that nothing of it outlives this process. Call `over` once nothing
 * of its group runs.
 */
export function startProgram<T>(
  program: Program,
  spawn: () => { readonly child: T; readonly group: number | undefined },
): { readonly child: T; over(): void } {
  const tree = holdTree()
  try {
    const { child, group } = spawn()
    if (group === undefined) {
      tree.release()
      return { child, over() {} }
    }
    running.set(group, program)
    groupBegan(group)
    return {
      child,
      over() {
        running.delete(group)
        groupEnded(group)
        tree.release()
      },
    }
  } catch (error) {
    tree.release()
    throw error
  }
}

/** The running program that may take longest to end once it is told to. */
export function slowestProgram(): Program | undefined {
  return [...running.values()].sort((a, b) => b.grace - a.grace)[0]
}

/** Ends every program at once. */
export function killPrograms(): void {
  for (const group of running.keys()) signalGroup(group, 'SIGKILL')
}
