import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cannot, messageOf, Problem, type Stopped } from '../../lib/index.ts'
import { signalGroup } from '../../lib/shell/group.ts'
import { type RunningProcess, startProcess } from '../../lib/shell/process.ts'
import { freePort } from '../object-store/local-store.ts'
import { rest } from '../object-store/retry.ts'
import type { PythonEnvironment } from '../python/environment.ts'

/** An MLflow server that we started, and that goes with us. */
export interface LocalServer {
  readonly url: string
  readonly version: string
  /** Throws a Problem once it has ended without being told to. */
  check(): void
  /** SIGTERM to all of its processes, and after so many milliseconds SIGKILL. */
  stop(within: number): Promise<Stopped>
}

export interface ServerOptions {
  readonly python: PythonEnvironment
  /** Its database and its artifacts. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  log(line: string): void
  progress(text: string): void
}

/** Some 6 s on an idle machine, 30 on one whose cores are busy and whose Python has compiled nothing yet. */
const startWithin = 120_000
const longestGrace = 5000
/** Another program may take a port between the moment we find it free and the moment the server asks for it. */
const ports = 3

/**
 * Starts a real MLflow server on loopback: one worker and no job runner, which is two processes instead of fifteen, with SQLite and its
 * artifacts in `folder`. Resolves once it answers.
 */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  for (let left = ports; ; left--) {
    const started = await startAt(await freePort(), options)
    if (started !== 'port taken') return started
    if (left === 1) throw new Problem('Cannot start the MLflow server as every port it was given was taken meanwhile')
  }
}

async function startAt(port: number, options: ServerOptions): Promise<LocalServer | 'port taken'> {
  const { folder, env, signal, log, python } = options
  mkdirSync(folder, { recursive: true })
  const said = { bound: false, taken: false }
  const running = startProcess(
    [
      ...[python.python, '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
      ...['--artifacts-destination', join(folder, 'artifacts')],
    ],
    {
      cwd: folder,
      // Nothing of the person's own MLflow: neither another server nor other stores.
      env: {
        ...{ PATH: `${python.bin}:${env.PATH ?? ''}`, HOME: env.HOME, TMPDIR: env.TMPDIR, LANG: env.LANG },
        ...{ MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' },
        PYTHONUNBUFFERED: '1',
      },
      grace: longestGrace,
      onLine(line) {
        // Only the process that has the port says so: who answers there may be a stranger.
        if (line.includes(`running on http://127.0.0.1:${port}`)) said.bound = true
        if (/address already in use/i.test(line)) said.taken = true
        log(line)
      },
    },
  )
  const state: { ended?: string } = {}
  running.done.then(
    (end) => {
      state.ended =
        end.kind === 'not-started' ? end.sentence : `it ended with ${end.kind === 'exited' ? end.code : end.signal}`
    },
    (error: unknown) => {
      state.ended = messageOf(error)
    },
  )
  const url = `http://127.0.0.1:${port}`
  const check = () => {
    if (state.ended !== undefined) throw new Problem(`Cannot go on with MLflow: ${state.ended} (${lastWords(running)})`)
  }
  try {
    const version = await untilUp()
    if (version === 'port taken') return version
    return { url, version, check, stop: (within) => stopped(running, within) }
  } catch (error) {
    await stopped(running, 0)
    throw error
  }

  async function untilUp(): Promise<string> {
    const began = performance.now()
    for (;;) {
      signal.throwIfAborted()
      if (said.taken) {
        await stopped(running, 0)
        return 'port taken'
      }
      if (state.ended !== undefined)
        throw new Problem(`Cannot start the MLflow server: ${state.ended} (${lastWords(running)})`)
      if (said.bound) return versionAt(url, signal)
      const taken = performance.now() - began
      if (taken > startWithin) {
        const found = `silent after ${startWithin / 1000} s (${lastWords(running)})`
        throw cannot('start the MLflow server', 'mlflow server', 'one that listens', found, 'See the log of the run.')
      }
      options.progress(`starting, ${Math.round(taken / 1000)} s`)
      await rest(100, signal)
    }
  }
}

async function versionAt(url: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`${url}/version`, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) })
  const text = (await answer.text()).trim()
  if (answer.ok && /^\d+\.\d+/.test(text)) return text
  throw cannot('start the MLflow server', `${url}/version`, 'a version', `${answer.status} ${text.slice(0, 80)}`)
}

/** At most the grace it was started with, less where those who wait have less: SQLite loses nothing by a kill. */
async function stopped(running: RunningProcess, within: number): Promise<Stopped> {
  const { pid } = running
  const timer = setTimeout(() => pid !== undefined && signalGroup(pid, 'SIGKILL'), within)
  try {
    return await running.stop()
  } finally {
    clearTimeout(timer)
  }
}

function lastWords(running: RunningProcess): string {
  return running.lastLines(5).join(' | ') || 'it said nothing'
}
