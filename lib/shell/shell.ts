import { type SpawnOptions, spawn } from 'node:child_process'
import type { Options, ProcessOutput, ProcessPromise, Shell as Zx } from 'zx'
import type { Stopped } from '../plan/context.ts'
import type { Masking } from '../plan/mask.ts'
import { cannot, Failure, Problem } from '../plan/problem.ts'
import { endGroup, signalGroup } from './group.ts'
import { collectOutput, type Output } from './output.ts'
import { startProgram } from './programs.ts'

/** zx's `$`. */
export type Shell = Zx

export interface ShellOptions {
  readonly signal: AbortSignal
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Gets each command, and every line it prints. */
  log(line: string): void
  readonly mask: Masking
  /** Milliseconds between SIGTERM and SIGKILL when the work is cancelled. */
  readonly grace: number
  /** Gets what it takes to end a command that is cancelled, which may be longer than the command's promise. */
  stopped(how: Promise<Stopped>): void
}

let loaded: typeof import('zx/core') | undefined

/**
 * A `$` whose commands run quietly in `cwd`, end with `signal` and speak to `log`; zx itself is loaded on the first call. A command that ends
 * badly throws a Failure with its exit code and last lines, one that does not exist a Problem; both carry zx's `exitCode`, `stdout` and `stderr`.
 */
export function shellFor(options: ShellOptions): Shell {
  loaded ??= load()
  const { $ } = loaded
  const bound: Partial<Options> = {
    quiet: true,
    verbose: false,
    // A process group of its own, so that all of a command line can be ended.
    detached: true,
    cwd: options.cwd,
    // A bash whose stdin is a socket, as it is here, reads ~/.bashrc unless it sees that it was started by a shell.
    env: { ...options.env, SHLVL: String(Math.max(1, Number(options.env.SHLVL) || 0)) },
    log: lineLog(options),
    spawn: spawnEnding(options),
  }
  return translated($(bound), options.signal)
}

function load(): typeof import('zx/core') {
  // Not `import()`: a step's `$` is there at once, and only a step that asks for it pays for loading zx.
  const zx: typeof import('zx/core') = require('zx/core')
  const { $ } = zx
  if (typeof $.shell !== 'string') {
    // zx asks for bash; a slim image has only sh, which knows no pipefail.
    $.shell = '/bin/sh'
    $.prefix = 'set -eu;'
    $.quote = zx.quote
  }
  // zx's own walks the tree with `ps`, which slim images lack; here every command has its process group.
  $.kill = async (pid, signal) => {
    signalGroup(Number(pid), signal ?? 'SIGTERM')
  }
  return zx
}

/** The same shell with its errors as sentences, also where options are added (`$({ nothrow: true })`) and where it is piped. */
function translated(shell: Zx, signal: AbortSignal): Shell {
  return new Proxy(shell, {
    get: (target, key) => {
      // It would hold up every other step, and hear neither timeout nor cancellation.
      if (key === 'sync') throw cannot('run a command', '$', 'awaited', '$.sync', 'Write: await $`…`')
      return Reflect.get(target, key)
    },
    apply: (target, self, args) => {
      signal.throwIfAborted()
      const result: unknown = Reflect.apply(target, self, args)
      if (!isTemplate(args[0])) return isShell(result) ? translated(result, signal) : result
      if (isPromise(result)) translateIn(result, target, signal)
      return result
    },
  })
}

/** Everything zx's promise offers (`text()`, `exitCode`, `for await`) goes through its `then`, so that one is enough. */
function translateIn(promise: ProcessPromise, shell: Zx, signal: AbortSignal): void {
  const then = promise.then.bind(promise)
  const rejected = (error: unknown) => {
    if (signal.aborted) return signal.reason
    return isOutput(error) ? problemOf(error, promise.cmd) : error
  }
  Object.defineProperty(promise, 'then', {
    value: (resolve?: (output: ProcessOutput) => unknown, reject?: (error: unknown) => unknown) =>
      then(resolve, (error) => {
        if (reject) return reject(rejected(error))
        throw rejected(error)
      }),
  })
  // zx would run the second command of `a.pipe`b`` with its own defaults: elsewhere, and out of our reach.
  const { pipe } = promise
  const bind =
    (to: (dest: ProcessPromise) => unknown) =>
    (dest: unknown, ...args: unknown[]) => {
      if (!isTemplate(dest)) return Reflect.apply(to, promise, [dest, ...args])
      return to(translated(shell({ halt: true }), signal)(dest, ...args))
    }
  const { stdout, stderr, stdall } = pipe
  const bound = Object.assign(bind(pipe), { stdout: bind(stdout), stderr: bind(stderr), stdall: bind(stdall) })
  Object.defineProperty(promise, 'pipe', { value: bound })
}

function problemOf(output: ProcessOutput, command: string): Problem {
  const { exitCode, signal, stdout, stderr } = output
  const how = signal ? `was ended by ${signal}` : exitCode === null ? 'did not run' : `ended with exit code ${exitCode}`
  const lines = (stderr.trim() === '' ? stdout : stderr).trimEnd().split('\n')
  const text = [`${command} ${how}`, ...lines.slice(-10).filter((line) => line !== '')].join('\n')
  // What the shell itself says of a program it can't find; a script that lacks one speaks under its own name.
  const unfound =
    (exitCode === 127 || exitCode === 126) && lines.some((line) => /^\/\S*\/(ba|da)?sh: (line )?\d+: /.test(line))
  const wrong = unfound || (exitCode === null && signal === null)
  const problem = wrong ? new Problem(text, { cause: output }) : new Failure(text, { cause: output })
  return Object.assign(problem, { exitCode, signal, stdout, stderr })
}

/** For what is in the pipe already, once nothing of the command's group runs. */
const drainMs = 250

function spawnEnding({ signal, grace, stopped }: ShellOptions): typeof spawn {
  const start = (file: string, args: readonly string[], options: SpawnOptions) => {
    const { child, over } = startProgram({ name: '$', grace }, () => {
      const child = spawn(file, args, options)
      return { child, group: child.pid }
    })
    const { pid } = child
    if (pid === undefined) return child
    let ending: Promise<Stopped> | undefined
    const end = () => {
      ending = endGroup(pid, grace)
      stopped(ending)
    }
    signal.addEventListener('abort', end, { once: true })
    let closed = false
    // What a command that went wrong leaves in the background may hold its output, and would be waited for.
    child.once('exit', async (code) => {
      if (code === 0) return
      await endGroup(pid, grace)
      await Bun.sleep(closed ? 0 : drainMs)
      child.stdout?.destroy()
      child.stderr?.destroy()
    })
    // Not `exit`: what a command leaves in the background still holds its output, and is ended too.
    child.once('close', async () => {
      closed = true
      signal.removeEventListener('abort', end)
      await ending
      over()
    })
    return child
  }
  // The one form of the many in spawn's type that zx calls.
  return start as typeof spawn
}

function lineLog({ log, mask }: ShellOptions): Options['log'] {
  const running = new Map<string, Output>()
  return (entry) => {
    switch (entry.kind) {
      case 'cmd':
        log(`$ ${entry.cmd}`)
        running.set(entry.id, collectOutput({ onLine: log, mask }))
        break
      case 'stdout':
      case 'stderr':
        running.get(entry.id)?.add(entry.data, entry.kind)
        break
      case 'end':
        running.get(entry.id)?.end()
        running.delete(entry.id)
    }
  }
}

function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value
}

function isShell(value: unknown): value is Zx {
  return typeof value === 'function'
}

function isPromise(value: unknown): value is ProcessPromise {
  return value instanceof Promise
}

function isOutput(value: unknown): value is ProcessOutput {
  return Object.prototype.toString.call(value) === '[object ProcessOutput]'
}
