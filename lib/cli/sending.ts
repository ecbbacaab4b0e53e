import { fileStore } from '../record/files.ts'
import type { FoundRun } from './find-run.ts'
import type { Places } from './places.ts'
import type { SharedViews } from './views.ts'

/** Nearly nobody asks for a place for results, and need not wait until somebody has looked for one. */
function asksForPlace(env: NodeJS.ProcessEnv): boolean {
  return Object.keys(env).some((name) => name.startsWith('RESULTS_') && env[name])
}

/** Listens to what runs leave in `views`; `send`, called once all have ended, stores it where the environment says. */
export function sendingResults(places: Places, views: SharedViews) {
  const runs = new Map<string, FoundRun>()
  const listening: SharedViews = {
    ...views,
    add(record) {
      const { plan, run } = record.heading
      runs.set(run, { store: fileStore(places.runs), plan, run })
      views.add(record)
    },
  }
  const send = async (stop: AbortSignal, say: (line: string) => void) => {
    if (runs.size === 0 || !asksForPlace(process.env)) return
    const { sendAtEnd } = await import('./send.ts')
    await sendAtEnd(places, [...runs.values()], stop, say)
  }
  return { views: listening, send }
}
