import { parentPort, workerData } from 'node:worker_threads'
import { watchHere } from './evidence-watch.ts'

// The thread in which local disk is watched; see evidence-files.ts, which starts it. Nothing of lib is loaded: a stage waits for its start.
const { root, keep }: { root: string; keep: string } = workerData
const post = (message: unknown) => parentPort?.postMessage(message)
const watch = watchHere(root, keep, () => post({ kind: 'changed' }))
// An error on the way ends the thread, which tells it.
parentPort?.once('message', async () => post({ kind: 'files', files: await watch.stop() }))
post({ kind: 'ready' })
