import { Problem, type Stopped } from '../../lib/index.ts'

/** A server in a process of its own. */
export interface Child {
  readonly pid: number
  /** The first line it prints on stdout; rejects with a Problem that ends in its last words when there is none within `milliseconds`. */
  firstLine(milliseconds: number): Promise<string>
  /** Throws a Problem once it has ended without being told to. */
  check(): void
  /** SIGTERM, `grace` milliseconds to end by itself, SIGKILL; with no grace SIGKILL at once. */
  stop(grace: number): Promise<Stopped>
}

export interface ChildOptions {
  /** What it is, for sentences: `the embedded object store`. */
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Every line it prints. */
  readonly log: (line: string) => void
}

/** Starts a server whose standard input is a pipe of ours: it reads the end of it when we are gone, however we went. */
export function startChild({ name, command, env, log }: ChildOptions): Child {
  const last: string[] = []
  const hear = (line: string) => {
    last.push(line)
    if (last.length > 5) last.shift()
    log(line)
  }
  const child = Bun.spawn([...command], { env: { ...env }, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' })
  const first = Promise.withResolvers<string>()
  first.promise.catch(() => {})
  const output = Promise.all([
    eachLine(child.stdout, (line) => {
      first.resolve(line)
      // It may hold keys, so it is not for the log.
    }),
    eachLine(child.stderr, hear),
  ])
  const lastWords = () => (last.length === 0 ? 'it said nothing' : last.join(' | '))
  const gone = () =>
    new Problem(`Cannot start ${name}: it ended with ${child.signalCode ?? child.exitCode} (${lastWords()})`)
  void Promise.all([child.exited, output]).then(() => first.reject(gone()))
  return {
    pid: child.pid,
    async firstLine(milliseconds) {
      const timer = setTimeout(
        () =>
          first.reject(
            new Problem(`Cannot start ${name}: it said nothing of an endpoint for ${milliseconds} ms (${lastWords()})`),
          ),
        milliseconds,
      )
      try {
        return await first.promise
      } finally {
        clearTimeout(timer)
      }
    },
    check() {
      if (child.exitCode !== null || child.signalCode !== null) throw gone()
    },
    async stop(grace) {
      if (child.exitCode !== null || child.signalCode !== null) return 'by itself'
      let how: Stopped = 'term'
      const force = () => {
        how = 'kill'
        child.kill('SIGKILL')
      }
      if (grace === 0) force()
      else child.kill('SIGTERM')
      const timer = setTimeout(force, grace)
      await child.exited
      clearTimeout(timer)
      return how
    },
  }
}

async function eachLine(stream: ReadableStream<Uint8Array>, hear: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) hear(line)
  }
  if (rest !== '') hear(rest)
}
