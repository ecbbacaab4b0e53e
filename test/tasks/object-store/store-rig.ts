import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceContext } from '../../../lib/plan/service.ts'
import { startChild } from '../../../tasks/object-store/child.ts'
import type { S3 } from '../../../tasks/object-store/client.ts'
import { connect } from '../../../tasks/object-store/connect.ts'

export const main = join(import.meta.dir, '../../../tasks/object-store/server/main.ts')

/** A folder that goes with the test. */
export async function scratch(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'assay-object-store-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface StoreProcess extends AsyncDisposable {
  readonly s3: S3
  readonly pid: number
  readonly folder: string
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
}

/** The embedded store over `folder`, in a process of its own as in a run. */
export async function startStore(folder: string): Promise<StoreProcess> {
  const child = startChild({
    name: 'the store',
    command: [process.execPath, main],
    env: { PATH: process.env.PATH, STORE_DIR: folder },
    log: (line) => console.error(line),
  })
  const { endpoint: url, ...keys } = JSON.parse(await child.firstLine(20_000))
  return {
    s3: connect({ url, ...keys }),
    pid: child.pid,
    folder,
    kill: async () => void (await child.stop(0)),
    [Symbol.asyncDispose]: async () => void (await child.stop(3000)),
  }
}

/** What the engine gives a service, with what it announced. */
export function serviceContext(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  run = 'run-1',
): ServiceContext & { readonly announced: readonly string[] } {
  const announced: string[] = []
  return {
    plan: 'plan-1',
    run,
    folder,
    keep: false,
    env: { PATH: '', ...env },
    signal: new AbortController().signal,
    log: () => {},
    progress: () => {},
    announce: (sentence) => void announced.push(sentence),
    secret: () => {},
    announced,
  }
}

/** Gives back what `work` rejects with, as its sentence. */
export async function sentenceOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`
    throw error
  }
  return 'nothing was thrown'
}
