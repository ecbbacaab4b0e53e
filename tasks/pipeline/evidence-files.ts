import { Worker } from 'node:worker_threads'
import * as v from 'valibot'
import { messageOf, Problem } from '../../lib/index.ts'
import { SeenFile } from './evidence.ts'

export interface FileWatch {
  /** When a file was last seen to appear or change, by `performance.now()`. */
  changedAt(): number
  /** Hashes what is left and says what was seen. */
  stop(): Promise<readonly SeenFile[]>
  /** Ends the watch, wherever it is. */
  close(): Promise<void>
}

const Message = v.variant('kind', [
  v.object({ kind: v.literal('ready') }),
  v.object({ kind: v.literal('changed') }),
  v.object({ kind: v.literal('files'), files: v.array(SeenFile) }),
])

/**
 * Watches `root/input` and `root/output` from a thread of its own, so that whatever else we do a file is kept before its program can delete it;
 * resolves once it watches. `keep` is a folder on the same file system, outside of `root`.
 */
export async function watchFiles(root: string, keep: string): Promise<FileWatch> {
  const worker = new Worker(new URL('./evidence-worker.ts', import.meta.url), { workerData: { root, keep } })
  const ready = Promise.withResolvers<void>()
  const files = Promise.withResolvers<readonly SeenFile[]>()
  // Whoever stops the watch gets its error.
  files.promise.catch(() => {})
  let changed = performance.now()
  const failed = (reason: string) => {
    const problem = new Problem(`Cannot watch ${root}: ${reason}`)
    ready.reject(problem)
    files.reject(problem)
  }
  worker.on('error', (error) => failed(messageOf(error)))
  worker.on('exit', () => failed('the watch has ended'))
  worker.on('message', (data) => {
    const message = v.parse(Message, data)
    if (message.kind === 'ready') ready.resolve()
    else if (message.kind === 'changed') changed = performance.now()
    else files.resolve(message.files)
  })
  await ready.promise
  let asked = false
  return {
    changedAt: () => changed,
    stop: () => {
      if (!asked) worker.postMessage('stop')
      asked = true
      return files.promise
    },
    close: async () => {
      await worker.terminate()
    },
  }
}
