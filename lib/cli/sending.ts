import { Problem } from '../plan/problem.ts'
import { fileStore } from '../record/files.ts'
import type { FoundRun } from './find-run.ts'
import { owedRuns } from './owed-runs.ts'
import type { Places } from './places.ts'
import { withoutSecrets } from './print.ts'
import type { SharedViews } from './views.ts'
import { writing } from './writing.ts'

/** Nearly nobody asks for a place for results, and need not wait until somebody has looked for one. */
function asksForPlace(env: NodeJS.ProcessEnv): boolean {
  return Object.keys(env).some((name) => name.startsWith('RESULTS_') && env[name])
}

/** Likewise for one that shows runs: `MLFLOW_TRACKING_URI`. */
export function asksForTracking(env: NodeJS.ProcessEnv): boolean {
  return Object.keys(env).some((name) => name.endsWith('_TRACKING_URI') && env[name])
}

/** Says, before anything runs, which named place would not show it: an address that is none is not to be told after a night's work. */
export async function tellUnwilling(places: Places, say: (line: string) => void): Promise<void> {
  if (!asksForTracking(process.env)) return
  try {
    const { unwillingPlaces } = await import('./ask-tracking.ts')
    for (const sentence of await unwillingPlaces(places, process.env)) say(`${withoutSecrets(sentence)}\n`)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    say(`${withoutSecrets(error.message)}\n`)
  }
}

/** Listens to what runs leave in `views`; `send`, called once all have ended, stores and shows it where the environment says. */
export function sendingResults(places: Places, views: SharedViews) {
  const runs = new Map<string, FoundRun>()
  const listening: SharedViews = {
    ...views,
    begun(plan, run) {
      if (asksForTracking(process.env)) writing(places.runs, () => owedRuns(places).note(plan, run))
      views.begun(plan, run)
    },
    add(record) {
      const { plan, run } = record.heading
      runs.set(run, { store: fileStore(places.runs), plan, run })
      views.add(record)
    },
  }
  const send = async (stop: AbortSignal, say: (line: string) => void) => {
    if (runs.size === 0) return
    const found = [...runs.values()]
    // At once: each waits a few seconds for a server that is slow.
    await Promise.all([
      asksForPlace(process.env) && import('./send.ts').then(({ sendAtEnd }) => sendAtEnd(places, found, stop, say)),
      asksForTracking(process.env) &&
        import('./track.ts').then(({ trackAtEnd }) => trackAtEnd(places, found, stop, say)),
    ])
  }
  return { views: listening, send }
}
