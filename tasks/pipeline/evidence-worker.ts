import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../lib/index.ts'
import { watchHere } from './evidence-watch.ts'

// The thread in which local disk is watched; see evidence-files.ts, which starts it.
const { root, keep }: { root: string; keep: string } = workerData
const post = (message: unknown) => parentPort?.postMessage(message)
const watch = watchHere(root, keep, () => post({ kind: 'changed' }))
parentPort?.once('message', async () => {
  try {
    post({ kind: 'files', files: await watch.stop() })
  } catch (error) {
    post({ kind: 'error', sentence: messageOf(error) })
  }
})
post({ kind: 'ready' })
