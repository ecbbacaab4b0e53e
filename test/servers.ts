import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Endpoint } from '../tasks/object-store/client.ts'
import { endpointFromEnv, isLoopback } from '../tasks/object-store/endpoint.ts'
import { startEmbeddedStore } from '../tasks/object-store/server/embedded-store.ts'
import { motoProgram, type Program, root, rustfsProgram, versitygwProgram } from './servers/install.ts'
import { freePort, type Launched, launch } from './servers/process.ts'

/** A real S3 server on loopback, for as long as a test file needs it. */
export interface RunningServer {
  readonly endpoint: Endpoint
  /** The host that `bucket.` is put before in virtual-host style; none: path style only. */
  readonly domain: string | undefined
  /** Absent when we did not start it. */
  readonly pid?: number
  stop(): Promise<void>
}

export interface Unavailable {
  /** Why it can't be had here, and what to do about it. */
  readonly unavailable: string
}

export type StartServer = () => Promise<RunningServer | Unavailable>

const region = 'us-east-1'
const keys = { accessKeyId: 'assay-test-key', secretAccessKey: 'assay-test-secret-0123456789' }

export const startRustfs: StartServer = () =>
  start(rustfsProgram, undefined, ({ path, port, folder }) =>
    launch({
      command: [path, 'server', '--address', `127.0.0.1:${port}`, join(folder, 'data')],
      env: {
        RUSTFS_ACCESS_KEY: keys.accessKeyId,
        RUSTFS_SECRET_KEY: keys.secretAccessKey,
        RUSTFS_CONSOLE_ENABLE: 'false',
        RUSTFS_OBS_LOGGER_LEVEL: 'error',
      },
      cwd: folder,
      ready: { url: `http://127.0.0.1:${port}/health/ready`, status: 200 },
    }),
  )

export const startVersitygw: StartServer = () =>
  start(versitygwProgram, 'localhost', ({ path, port, folder }) =>
    launch({
      command: [
        ...[path, '--port', `127.0.0.1:${port}`, '--access', keys.accessKeyId, '--secret', keys.secretAccessKey],
        ...['--virtual-domain', `localhost:${port}`, '--health', '/health', '--quiet'],
        ...['posix', '--versioning-dir', join(folder, 'versions'), join(folder, 'data')],
      ],
      ready: { url: `http://127.0.0.1:${port}/health`, status: 200 },
    }),
  )

export const startMoto: StartServer = () =>
  start(motoProgram, 'localhost', ({ path, port, folder }) =>
    launch({
      command: [path, '--host', '127.0.0.1', '--port', String(port)],
      cwd: folder,
      ready: { url: `http://127.0.0.1:${port}/moto-api/data.json`, status: 200 },
    }),
  )

/** Starts what `program` names on a free port over a folder of its own; a port lost to somebody else is tried again once. */
async function start(
  program: () => Promise<Program>,
  domain: string | undefined,
  run: (at: { readonly path: string; readonly port: number; readonly folder: string }) => Promise<Launched>,
): Promise<RunningServer | Unavailable> {
  const found = await program()
  if ('unavailable' in found) return found
  const folder = await mkdtemp(join(tmpdir(), 'assay-server-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  for (const name of ['data', 'versions']) await mkdir(join(folder, name))
  const attempt = async () => {
    const port = await freePort()
    return { port, running: await run({ path: found.path, port, folder }) }
  }
  const { port, running } = await attempt()
    .catch(attempt)
    .catch(async (error: unknown) => {
      await remove()
      throw error
    })
  return {
    endpoint: { url: `http://127.0.0.1:${port}`, region, ...keys },
    domain: domain && `${domain}:${port}`,
    pid: running.pid,
    stop: async () => {
      await running.stop()
      await remove()
    },
  }
}

const Line = v.object({
  endpoint: v.string(),
  region: v.string(),
  accessKeyId: v.string(),
  secretAccessKey: v.string(),
})

/** Assay's own store, in a process of its own. */
export async function startEmbedded(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-store-'))
  const child = Bun.spawn([process.execPath, join(root, 'tasks', 'object-store', 'server', 'main.ts')], {
    env: { ...process.env, STORE_DIR: folder },
    // Its end of this pipe closes with us, however we end.
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const { endpoint, ...rest } = v.parse(Line, JSON.parse(await firstLine(child.stdout)))
  return {
    endpoint: { url: endpoint, ...rest },
    domain: `localhost:${new URL(endpoint).port}`,
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM')
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same in this process, where coverage sees it. */
export async function startInProcess(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-store-'))
  const store = await startEmbeddedStore({ folder, port: 0, region, ...keys })
  return {
    endpoint: store.endpoint,
    domain: `localhost:${new URL(store.endpoint.url).port}`,
    stop: async () => {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What a store that was started prints first. Throws with all it said when it ends before that. */
export async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true })
    const end = text.indexOf('\n')
    if (end >= 0) return text.slice(0, end)
  }
  throw new Error(`the embedded store ended before it said where it listens: ${text}`)
}

/** Whatever `S3_ENDPOINT` names, signed for with the usual variables; `S3_DOMAIN` is its domain for virtual-host style, if any. */
export async function namedEndpoint(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RunningServer | Unavailable> {
  if (!env.S3_ENDPOINT) return { unavailable: 'S3_ENDPOINT is not set' }
  const endpoint = endpointFromEnv(env)
  const { host } = new URL(endpoint.url)
  const ours = isLoopback(endpoint.url)
  if (!ours && env.ASSAY_CREATE_BUCKETS !== '1')
    return { unavailable: `the suite creates and removes buckets at ${host}; set ASSAY_CREATE_BUCKETS=1 to allow it` }
  return { endpoint, domain: env.S3_DOMAIN || (ours ? undefined : host), stop: async () => {} }
}
