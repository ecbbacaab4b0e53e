import { readExposition } from './exposition.ts'
import type { Scrape } from './report.ts'

/** What the families of an inference begin with. */
const prefix = 'inference_'
/** Milliseconds that an answer from this machine may take. */
const patience = 2000

/** What the endpoint says; undefined where nothing answers. */
export async function scrape(port: number, signal: AbortSignal): Promise<Scrape | undefined> {
  const answer = await ask(port, '/metrics', signal)
  if (answer === undefined) return undefined
  const { status, contentType, text } = answer
  return { status, contentType, exposition: readExposition(text, prefix) }
}

/** The status of a path at which there is nothing. */
export async function elsewhere(port: number, signal: AbortSignal): Promise<number | undefined> {
  return (await ask(port, '/there-is-nothing-here', signal))?.status
}

async function ask(port: number, path: string, signal: AbortSignal) {
  try {
    const url = `http://127.0.0.1:${port}${path}`
    // Each on a connection of its own: one that is kept would tell nothing of whether it still listens.
    const headers = { connection: 'close' }
    const answer = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) })
    return {
      status: answer.status,
      contentType: answer.headers.get('content-type') ?? '',
      text: await answer.text(),
    }
  } catch {
    // Not yet, not in time, or no HTTP: that it can't be had is all that is told.
    signal.throwIfAborted()
    return undefined
  }
}

/** How many requests it has counted, whatever came of them. */
export function counted(scraped: Scrape | undefined): number {
  if (scraped?.exposition.kind !== 'valid') return 0
  const samples = scraped.exposition.samples.filter(({ name }) => name === 'inference_requests_total')
  return samples.reduce((sum, { value }) => sum + value, 0)
}
