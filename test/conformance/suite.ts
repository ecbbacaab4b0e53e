import { afterAll, describe, expect, test } from 'bun:test'
import { messageOf } from '../../lib/plan/problem.ts'
import type { StartServer } from '../servers.ts'
import { checks } from './all.ts'
import type { Check } from './check.ts'
import { type Server, serverAt } from './server.ts'

/** Checks that a server is known to lose, each with the reason: `area · name` → why. */
export type KnownDifferences = Readonly<Record<string, string>>

export const idOf = ({ area, name }: Check): string => `${area} · ${name}`

/**
 * Registers every check as a test of the server that `start` starts; all are skipped, with the reason printed, when it can't be had.
 * A known difference is skipped with its reason, and one that is none any more fails, so that the list stays true.
 */
export async function conformance(name: string, start: StartServer, known: KnownDifferences = {}): Promise<void> {
  const running = await start()
  if ('unavailable' in running) {
    console.warn(`${name}: skipped, as ${running.unavailable}`)
    describe(`${name} (${running.unavailable})`, () => {
      for (const check of checks) test.skip(idOf(check), () => {})
    })
    return
  }
  const server = serverAt(running.endpoint, running.domain)
  describe(name, () => {
    afterAll(async () => {
      // Our own servers go with all their data; somebody's endpoint is left as it was found.
      if (running.pid === undefined) await server.clear()
      server.close()
      await running.stop()
    }, 60_000)
    for (const check of checks) {
      const why = known[idOf(check)]
      if (why === undefined) test(idOf(check), () => check.run(server), 30_000)
      else test.skip(`${idOf(check)} (${why})`, () => {})
    }
    test('what is known to differ still does', async () => {
      const differing = checks.filter((check) => idOf(check) in known)
      expect(differing.map(idOf).sort()).toEqual(Object.keys(known).sort())
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
