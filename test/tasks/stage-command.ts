import { join } from 'node:path'

const main = join(import.meta.dir, '../../lib/cli/main.ts')

export type Variables = Readonly<Record<string, string | undefined>>

/** `task` as a person runs it in a folder that is none of ours; `onLine` gets each line of its log and may send it a signal. */
export async function stageCommand(
  words: readonly string[],
  cwd: string,
  variables: Variables = {},
  onLine = (_line: string, _send: (signal: NodeJS.Signals) => void) => {},
) {
  const child = Bun.spawn([process.execPath, main, 'task', ...words], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = child.stdout.text()
  const log: string[] = []
  let rest = ''
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) {
      log.push(line)
      onLine(line, (signal) => child.kill(signal))
    }
  }
  return { code: await child.exited, out: await out, log }
}
