import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { signalWithParent } from '../shell/libc.ts'
import { statOf } from '../shell/tag.ts'

// `bun run plan`, `bunx assay` and `npx assay` stand between a person and us: whoever kills them means us. A login shell, cron's shell or
// somebody's program does not: what they start goes on without them (nohup, systemd, a program that ends earlier).

/** Has this process end when a command that only stands in for it is gone. `gone` is called where that can be done in order. */
export function endWithWrapper(gone: () => void): void {
  if (process.platform !== 'linux') return
  const [parent, ...others] = wrappers(process.ppid)
  if (parent === undefined) {
    // Bun has replaced the link of `bunx` in `argv` by what it leads to; the kernel has not.
    const started = [process.argv, wordsOf(process.pid)].some((words) => isScript(process.env, words))
    if (started && !knowsScript(process.ppid)) process.kill(process.pid, 'SIGKILL') // it ended before we could look
    return
  }
  // `bun` hears every signal it can and waits for us, so that only force ends it; a shell in between ends on SIGTERM and tells nobody.
  signalWithParent(parent.kind === 'bun' ? SIGKILL : SIGTERM)
  if (process.ppid !== parent.pid) process.kill(process.pid, 'SIGKILL') // it ended before the kernel was asked
  if (parent.kind !== 'bun') process.on('SIGTERM', () => process.ppid === parent.pid || gone())
  // That shell outlives whoever started it.
  if (others.length > 0)
    setInterval(() => others.every(({ pid, started }) => startOf(pid) === started) || gone(), 250).unref()
}

/**
 * Whether these words are those of the package script that `bun run` or `bunx` says it runs, so that it, and nobody else, has started us:
 * of `nohup … &` the words are others.
 */
export function isScript(
  { npm_lifecycle_event: event, npm_lifecycle_script: script = '' }: Readonly<Record<string, string | undefined>>,
  [, entry = '', ...words]: readonly string[],
): boolean {
  if (event === 'bunx') return script !== '' && basename(entry) === script
  const [program = '', file = '', ...given] = script.split(' ')
  const same = basename(program, '.exe') === 'bun' && file !== '' && entry.endsWith(`/${file}`)
  return same && given.every((word, at) => word === words[at])
}

/** Whether the process is below the one that runs our script, as a shell script or a program in between is; who takes in orphans is not. */
function knowsScript(pid: number): boolean {
  return textOf(pid, 'environ').split('\0').includes(`npm_lifecycle_script=${process.env.npm_lifecycle_script}`)
}

interface Wrapper {
  readonly pid: number
  readonly kind: 'bun' | 'npm' | 'shell'
  readonly started: string | undefined
}

const SIGKILL = 9
const SIGTERM = 15

/** The processes from this one up that only stand in for the next. */
function wrappers(pid: number): readonly Wrapper[] {
  const words = wordsOf(pid)
  const kind = kindOf(words)
  if (kind === 'shell') {
    const around = wrappers(parentOf(pid))
    return around.length === 0 ? [] : [{ pid, kind, started: startOf(pid) }, ...around]
  }
  return kind === undefined ? [] : [{ pid, kind, started: startOf(pid) }, ...wrappers(parentOf(pid))]
}

/**
 * What the words of a command line say of it; `script` is what `bun run` and npm call the script that we run as, `own` the path of our own entry.
 */
export function kindOf(
  [program = '', ...words]: readonly string[],
  script = process.env.npm_lifecycle_event,
  own = process.argv[1] ?? '',
): Wrapper['kind'] | undefined {
  const [first = '', second = ''] = words.filter((word) => !word.startsWith('-'))
  const name = basename(program)
  if (/^(ba|da|a)?sh$/.test(name)) return words[0] === '-c' ? 'shell' : undefined
  if (/^bun\b/.test(name)) {
    // `bun run program.ts` is a program itself, `bun plan` is `bun run plan`, and we may have started ourselves again.
    const runs =
      first === 'run' ? !/[/.]/.test(second) : first === script || (first !== '' && `/${own}`.endsWith(`/${first}`))
    return runs || first === 'x' || first === 'exec' ? 'bun' : undefined
  }
  if (name === 'bunx') return 'bun'
  if (name === 'node') return /\b(npm|npx|pnpm|yarn)(-cli)?(\.c?js)?$/.test(first) ? 'npm' : undefined
  // npm shows itself under a title of its own.
  return /^(npm|npx|pnpm|yarn)\b/.test(name) ? 'npm' : undefined
}

function wordsOf(pid: number): readonly string[] {
  return textOf(pid, 'cmdline')
    .split('\0')
    .filter((word) => word !== '')
}

function textOf(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it has ended, or is not ours to look into
  }
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1] ?? 0)
}

function startOf(pid: number): string | undefined {
  const stat = statOf(pid)
  return stat[0] === 'Z' ? undefined : stat[19]
}
