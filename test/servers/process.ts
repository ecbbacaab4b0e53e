import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'

const guard = join(import.meta.dir, '..', '..', 'tasks', 'object-store', 'guard.ts')

export interface Launch {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Asked again until it answers with this status. */
  readonly ready: { readonly url: string; readonly status: number }
  /** Milliseconds until then at most; 20 s when absent. */
  readonly within?: number
}

export interface Launched {
  readonly pid: number
  stop(): Promise<void>
}

/** A port of the loopback interface that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}

/** Starts a program and resolves once it answers; it dies with this process. Rejects with its last output when it ends first. */
export async function launch({ command, env = {}, cwd, ready, within = 20_000 }: Launch): Promise<Launched> {
  // The guard ends it once our end of its standard input closes, however we end.
  const child = Bun.spawn([process.execPath, guard, ...command], {
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const said = new Response(child.stderr).text()
  const stop = async () => {
    child.kill('SIGTERM')
    await child.exited
  }
  const deadline = performance.now() + within
  while (!(await answers(ready))) {
    if (child.exitCode !== null)
      throw new Error(`${command[0]} ended with ${child.exitCode}: ${(await said).slice(-2000)}`)
    if (performance.now() > deadline) {
      await stop()
      throw new Error(
        `${command[0]} did not answer at ${ready.url} in ${within / 1000} s: ${(await said).slice(-2000)}`,
      )
    }
    await Bun.sleep(20)
  }
  return { pid: child.pid, stop }
}

async function answers({ url, status }: Launch['ready']): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) })
    await response.arrayBuffer()
    return response.status === status
  } catch {
    // Nothing listens yet.
    return false
  }
}
