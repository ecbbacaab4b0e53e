import { closeSync, statSync } from 'node:fs'
import type { Stopped } from '../plan/context.ts'
import { messageOf, sentence } from '../plan/problem.ts'
import { endGroup, leftInGroup, signalGroup } from './group.ts'
import { libc } from './libc.ts'
import { collectOutput, type Output, type OutputOptions } from './output.ts'
import { startProgram } from './programs.ts'

export interface ProcessOptions extends OutputOptions {
  readonly cwd: string
  /** The whole environment: nothing of ours is added. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborting it is `stop()`. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number
  /** Gets what it writes to descriptor 3, which is open only then: for programs that speak to programs beside what they print. The bytes are good until it returns. */
  onDescriptor3?: ((bytes: Uint8Array) => void) | undefined
}

export type Ended =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** There is no such program, or it can't be run: `sentence` says why. */
  | { readonly kind: 'not-started'; readonly sentence: string }

export interface RunningProcess {
  /** Also the id of its process group; undefined when it could not be started. */
  readonly pid: number | undefined
  /** Resolves once it has ended, all it printed has been read and nothing of its process group runs. Rejects only when its log can't be written. */
  readonly done: Promise<Ended>
  /** SIGTERM to its process group, `grace` to end by itself, SIGKILL. */
  stop(): Promise<Stopped>
  /** How many processes of its group it left behind when it ended without being told to; they were ended. */
  left(): number
  /** The last lines it printed, of stdout and stderr as they came. */
  lastLines(count: number): readonly string[]
  /** What it and the children that were waited for took, by the kernel's account; undefined until it has ended. */
  usage(): ProcessUsage | undefined
}

/** Without the peak memory: what Linux says of that is never less than what the parent had before the program was loaded. */
export interface ProcessUsage {
  readonly cpuSeconds: number
  /** Bytes they had written to a disk, in the end or not; undefined where the kernel counts requests and not bytes. */
  readonly written: number | undefined
}

/** Stands for the shell in its own messages, so that `x: command not found` of our shell is told apart from that of a script it runs. */
const shellName = 'assay-shell'

/**
 * Starts a program in a process group of its own, its output read through pipes and never through our stdout. A string is a shell command line
 * (bash where there is one, else sh), a list is the program and its arguments. Never throws for a program that can't be started.
 */
export function startProcess(command: string | readonly string[], options: ProcessOptions): RunningProcess {
  const { grace, signal } = options
  const output = collectOutput(options)
  const [word = ''] = typeof command === 'string' ? command.trim().split(/\s+/) : command
  const { child, over } = startProgram({ name: word, grace }, () => {
    const child = spawn(command, options, output)
    return { child, group: typeof child === 'string' ? undefined : child.pid }
  })
  if (typeof child === 'string') {
    output.end()
    const done = Promise.resolve({ kind: 'not-started', sentence: child } as const)
    return {
      pid: undefined,
      done,
      stop: async () => 'by itself',
      left: () => 0,
      lastLines: () => [],
      usage: () => undefined,
    }
  }

  let ended = false
  let left = 0
  let stopping: Promise<Stopped> | undefined
  const finish = async (): Promise<Ended> => {
    try {
      await child.exited
      if (stopping === undefined) left = await leftInGroup(child.pid)
      await endGroup(child.pid, grace)
      await child.drain()
    } finally {
      ended = true
      over()
      signal?.removeEventListener('abort', stop)
      output.end()
    }
    return endOf(command, child.process, output)
  }
  const stop = () => {
    stopping ??= stopGroup()
    return stopping
  }
  const stopGroup = async (): Promise<Stopped> => {
    if (ended || !signalGroup(child.pid, 'SIGTERM')) return settled(done, 'by itself')
    if (await withinTime(done, grace)) return 'term'
    signalGroup(child.pid, 'SIGKILL')
    return settled(done, 'kill')
  }
  const done = finish()
  // Whoever waits for `done` gets its error; nobody waiting yet must not end the process that runs us.
  done.catch(() => {})
  child.failed.catch(() => void stop())
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) void stop()
  const { lastLines } = output
  return { pid: child.pid, done, stop, left: () => left, lastLines, usage: () => usageOf(child.process) }
}

interface Child {
  readonly process: Bun.Subprocess
  readonly pid: number
  readonly exited: Promise<unknown>
  /** Reads what is left; whoever still holds a pipe (a grandchild with a session of its own) is not waited for. */
  drain(): Promise<void>
  /** Rejects when its output can't be recorded. */
  readonly failed: Promise<unknown>
}

function spawn(command: string | readonly string[], options: ProcessOptions, output: Output): Child | string {
  const { cwd, env, onDescriptor3 } = options
  const folder = statSync(cwd, { throwIfNoEntry: false })
  if (!folder?.isDirectory()) return sentence('start a program', 'cwd', 'a folder', cwd)
  const argv = typeof command === 'string' ? [shell(env), '-c', command, shellName] : [...command]
  const [program = ''] = argv
  if (Bun.which(program, { PATH: env.PATH ?? '', cwd }) === null)
    return notStarted(argv.join(' '), `${program}: there is no such program, or it may not be run`)
  const pipeTo = (take: (bytes: Uint8Array) => void) => ({ take, ...libc().pipe() })
  const stdout = pipeTo((bytes) => output.add(bytes, 'stdout'))
  const stderr = pipeTo((bytes) => output.add(bytes, 'stderr'))
  const third = onDescriptor3 ? [pipeTo(onDescriptor3)] : []
  const pipes = [stdout, stderr, ...third]
  try {
    const child = Bun.spawn(argv, {
      cwd,
      env: { ...env },
      stdio: ['ignore', stdout.write, stderr.write, ...third.map(({ write }) => write)],
      detached: true,
    })
    const readers = pipes.map(({ read, take }) => readAll(read, take))
    const failed = Promise.all(readers.map((reader) => reader.done))
    const drain = async () => {
      // What the group printed before it ended is in the pipe already.
      if (!(await withinTime(failed, 250))) for (const reader of readers) await reader.giveUp()
      await failed
    }
    return { process: child, pid: child.pid, exited: child.exited, failed, drain }
  } catch (error) {
    for (const { read } of pipes) closeSync(read)
    return notStarted(argv.join(' '), messageOf(error))
  } finally {
    for (const { write } of pipes) closeSync(write)
  }
}

function shell(env: ProcessOptions['env']): string {
  return Bun.which('bash', { PATH: env.PATH ?? '' }) ?? Bun.which('bash') ?? '/bin/sh'
}

function readAll(fd: number, take: (bytes: Uint8Array) => void) {
  const reader = Bun.file(fd).stream().getReader()
  const all = async () => {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) take(next.value)
    } finally {
      // Bun leaves a descriptor that it did not open itself open.
      closeSync(fd)
    }
  }
  return { done: all(), giveUp: () => reader.cancel() }
}

function endOf(command: string | readonly string[], child: Bun.Subprocess, output: Output): Ended {
  if (child.signalCode !== null) return { kind: 'signalled', signal: String(child.signalCode) }
  const code = child.exitCode ?? 0
  if (typeof command === 'string' && (code === 126 || code === 127)) {
    const said = output.lastLines(20).find((line) => line.startsWith(`${shellName}: `))
    const reason = said?.replace(/^[^:]*: (line )?\d+: /, '')
    if (reason !== undefined) return { kind: 'not-started', sentence: notStarted(command, reason) }
  }
  return { kind: 'exited', code }
}

function usageOf(child: Bun.Subprocess): ProcessUsage | undefined {
  const { cpuTime, ops } = child.resourceUsage() ?? {}
  if (cpuTime === undefined || ops === undefined) return undefined
  // In blocks of 512 bytes, counted when a page is first written to (task_io_account_write).
  const written = process.platform === 'linux' ? ops.out * 512 : undefined
  return { cpuSeconds: Number(cpuTime.total) / 1e6, written }
}

function notStarted(command: string, reason: string): string {
  return sentence('start a program', 'command', 'one that exists and can be run', `${command} (${reason})`)
}

async function settled<T>(done: Promise<unknown>, how: T): Promise<T> {
  await done.catch(() => {})
  return how
}

async function withinTime(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: Timer | undefined
  const late = new Promise<false>((give) => {
    timer = setTimeout(() => give(false), milliseconds)
  })
  try {
    return await Promise.race([
      work.then(
        () => true,
        () => true,
      ),
      late,
    ])
  } finally {
    clearTimeout(timer)
  }
}
