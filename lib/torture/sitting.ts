import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Enclosure, Enclosures } from './enclosure.ts'
import { mirror } from './mirror.ts'

/** What is tortured. */
export interface Subject {
  readonly plan: string
  /** The repository with the plan. */
  readonly root: string
  /** What a person types there before a plan's name, as program and arguments. */
  readonly command: readonly string[]
  /** What stands behind the plan's name in a run that is not resumed. */
  readonly words: readonly string[]
  /** The whole environment of a run, by the number of its kill; of an unbroken one, by a negative number. */
  env(index: number): Readonly<Record<string, string | undefined>>
}

/** A place for one run and its resumes, away from all others. */
export interface Ground {
  /** The repository that they run in. */
  readonly repository: string
  /** Their folder for temporary files. */
  readonly temporary: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What they printed. */
  readonly output: string
  readonly plans: string
}

export function groundIn(folder: string, { root, plan, env }: Subject, index: number): Ground {
  const [repository, temporary] = [join(folder, 'repository'), join(folder, 'tmp')]
  mkdirSync(temporary, { recursive: true })
  mirror(root, repository)
  return {
    repository,
    temporary,
    env: { ...env(index), TMPDIR: temporary, PWD: repository },
    output: join(folder, 'output.txt'),
    plans: join(repository, 'runs', plan),
  }
}

/** A command under way in its enclosure. */
export interface Sitting {
  /** The process that was started, and its process group. */
  readonly first: number
  readonly enclosure: Enclosure
  /** Its exit code, 128 and the signal's number when one ended it; `undefined` when it had not ended within the time. */
  exit(withinMs: number): Promise<number | undefined>
  ended(): boolean
}

/** Starts the subject's command with these words, as a shell would: in a process group of its own. */
export function sit(
  { command }: Subject,
  { repository, env, output }: Ground,
  words: readonly string[],
  enclosures: Enclosures,
  name: string,
): Sitting {
  const enclosure = enclosures.make(name)
  const out = openSync(output, 'a')
  try {
    const child = enclosure.start([...command, ...words], (argv) =>
      Bun.spawn([...argv], {
        cwd: repository,
        env: { ...env },
        stdin: 'ignore',
        stdout: out,
        stderr: out,
        detached: true,
      }),
    )
    return {
      first: child.pid,
      enclosure,
      ended: () => child.exitCode !== null || child.signalCode !== null,
      exit: (withinMs) => within(child.exited, withinMs),
    }
  } finally {
    closeSync(out)
  }
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: Timer | undefined
  const late = new Promise<undefined>((give) => {
    timer = setTimeout(() => give(undefined), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
