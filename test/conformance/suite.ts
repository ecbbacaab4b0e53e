import { afterAll, describe, expect, test } from 'bun:test'
import { messageOf } from '../../lib/plan/problem.ts'
import type { StartServer } from '../servers.ts'
import { checks } from './all.ts'
import type { Check } from './check.ts'
import { type Server, serverAt } from './server.ts'

/** Checks that a server is known to lose, always or by a race, each with the reason: `area · name` → why. */
export type KnownDifferences = Readonly<Record<string, string | { readonly sometimes: string }>>

export const idOf = ({ area, name }: Check): string => `${area} · ${name}`

/**
 * Registers every check as a test of the server that `start` starts; all are one skipped test, with the reason printed, when it can't be had.
 * A known difference is skipped with its reason, and one that is none any more fails, so that the list stays true.
 */
export async function conformance(name: string, start: StartServer, known: KnownDifferences = {}): Promise<void> {
  const running = await start()
  if ('unavailable' in running) {
    console.warn(`${name}: skipped, as ${running.unavailable}`)
    test.skip(`${name}: ${checks.length} checks (${running.unavailable})`, () => {})
    return
  }
  const server = serverAt(running.endpoint, running.domain)
  // What somebody else's server loses once in many runs is a race of theirs; ours has to hold every time.
  const retries = Object.keys(known).length > 0 ? 2 : 0
  const pathStyleOnly = running.domain === undefined ? 'path style only: it has no domain' : undefined
  describe(name, () => {
    afterAll(async () => {
      // Our own servers go with all their data; somebody's endpoint is left as it was found.
      if (running.pid === undefined) await server.clear()
      server.close()
      await running.stop()
    }, 300_000)
    for (const check of checks) {
      const why = known[idOf(check)] ?? (check.area === 'virtual-host style' ? pathStyleOnly : undefined)
      const reason = typeof why === 'object' ? `sometimes: ${why.sometimes}` : why
      if (reason === undefined) test(idOf(check), () => check.run(server), { timeout: 30_000, retry: retries })
      else test.skip(`${idOf(check)} (${reason})`, () => {})
    }
    // The lists are of the versions that we start; somebody's own may be better.
    if (running.pid === undefined) return
    test('what is known to differ still does', async () => {
      const ids = new Set(checks.map(idOf))
      expect(Object.keys(known).filter((id) => !ids.has(id))).toEqual([])
      const differing = checks.filter((check) => typeof known[idOf(check)] === 'string')
      const lost = await lostOf(server, differing)
      expect(differing.filter((check) => !lost.has(check)).map(idOf)).toEqual([])
    }, 120_000)
  })
}

/** Runs `checks` one after the other and returns those the server lost, each with its message. */
export async function lostOf(server: Server, among: readonly Check[]): Promise<ReadonlyMap<Check, string>> {
  const lost = new Map<Check, string>()
  for (const check of among) {
    try {
      await check.run(server)
    } catch (error) {
      lost.set(check, messageOf(error))
    }
  }
  return lost
}
