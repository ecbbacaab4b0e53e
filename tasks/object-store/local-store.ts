import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { messageOf, Problem, type ServiceContext, type Stopped } from '../../lib/index.ts'
import { type Child, startChild } from './child.ts'
import type { Endpoint } from './client.ts'
import { type Faults, faultsText } from './faults.ts'
import { randomKeys } from './random-keys.ts'

/** A store that we started, and that goes with us. */
export interface LocalStore {
  readonly endpoint: Endpoint
  /** Rejects until it answers. */
  ready(signal: AbortSignal): Promise<void>
  /** Ends it, by force after so many milliseconds, or earlier where it needs no longer. */
  stop(within: number): Promise<Stopped>
  /** Where its data lives. */
  readonly folder: string
}

const region = 'us-east-1'

const Served = v.object({ endpoint: v.string(), accessKeyId: v.string(), secretAccessKey: v.string() })

/** Assay's own store in a process of its own. */
export async function startEmbedded(
  { folder, env, log, secret }: ServiceContext,
  faults: Faults | undefined,
): Promise<LocalStore> {
  const data = dataFolder(folder)
  const child = startChild({
    name: 'the embedded object store',
    command: [process.execPath, fileURLToPath(new URL('./server/main.ts', import.meta.url))],
    env: {
      ...systemOnly(env),
      STORE_DIR: data,
      STORE_REGION: region,
      ...(faults && { STORE_FAULTS: faultsText(faults) }),
    },
    log,
  })
  try {
    const served = v.parse(Served, JSON.parse(await child.firstLine(20_000)))
    const { endpoint: url, ...keys } = served
    for (const key of Object.values(keys)) secret(key)
    return {
      endpoint: { url, region, ...keys },
      folder: data,
      ready: async () => child.check(),
      stop: (within) => child.stop(Math.min(within, 3000)),
    }
  } catch (error) {
    await child.stop(0)
    throw error instanceof Problem ? error : new Problem(`Cannot start the embedded object store: ${messageOf(error)}`)
  }
}

/** RustFS 1.0 or newer over one folder; path style only. */
export async function startRustfs(program: string, { folder, env, log, secret }: ServiceContext): Promise<LocalStore> {
  const data = dataFolder(folder)
  const port = await freePort()
  const keys = randomKeys()
  for (const key of Object.values(keys)) secret(key)
  const url = `http://127.0.0.1:${port}`
  const child: Child = startChild({
    name: `rustfs (${program})`,
    command: [
      process.execPath,
      fileURLToPath(new URL('./guard.ts', import.meta.url)),
      program,
      'server',
      '--address',
      `127.0.0.1:${port}`,
      data,
    ],
    env: {
      ...systemOnly(env),
      RUSTFS_ACCESS_KEY: keys.accessKeyId,
      RUSTFS_SECRET_KEY: keys.secretAccessKey,
      RUSTFS_CONSOLE_ENABLE: 'false',
      RUSTFS_OBS_LOGGER_LEVEL: 'error',
    },
    log,
  })
  return {
    endpoint: { url, region, ...keys },
    folder: data,
    stop: (within) => child.stop(Math.min(within, 5000)),
    async ready(signal) {
      child.check()
      const answer = await fetch(`${url}/health/ready`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]),
      })
      if (!answer.ok) throw new Problem(`rustfs is not ready: ${answer.status}`)
    },
  }
}

function dataFolder(folder: string): string {
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  return data
}

/** What a server of ours needs to start: nothing of the person's own S3 settings or keys. */
function systemOnly(env: ServiceContext['env']): Record<string, string | undefined> {
  return { PATH: env.PATH, HOME: env.HOME, TMPDIR: env.TMPDIR, LANG: env.LANG }
}

export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
