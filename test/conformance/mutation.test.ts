import { afterAll, expect, test } from 'bun:test'
import { startEmbedded } from '../servers.ts'
import { checks } from './all.ts'
import type { Check } from './check.ts'
import { faults } from './faults.ts'
import { faultyProxy } from './proxy.ts'
import { serverAt } from './server.ts'
import { idOf } from './suite.ts'

const running = await startEmbedded()
const proxy = await faultyProxy(running.endpoint.url)
const server = serverAt({ ...running.endpoint, url: proxy.url }, `localhost:${new URL(proxy.url).port}`)

afterAll(async () => {
  server.close()
  await proxy.stop()
  await running.stop()
})

/** The checks that the server loses, eight at a time. */
async function lost(among: readonly Check[]): Promise<ReadonlySet<Check>> {
  const left = [...among]
  const found = new Set<Check>()
  const worker = async () => {
    for (let check = left.shift(); check !== undefined; check = left.shift())
      await check.run(server).catch(() => found.add(check))
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return found
}

test('a faithful proxy breaks no check', async () => {
  proxy.set(undefined)
  expect([...(await lost(checks))].map(idOf)).toEqual([])
}, 180_000)

test('every check is lost by a server that is wrong in one thing, and every fault is seen', async () => {
  const seen = new Map<string, number>()
  let unbroken: readonly Check[] = checks
  for (const fault of faults) {
    proxy.set(fault)
    const among = unbroken.filter(({ area }) => fault.areas === undefined || fault.areas.includes(area))
    const broken = await lost(among)
    seen.set(fault.name, broken.size)
    unbroken = unbroken.filter((check) => !broken.has(check))
  }
  expect(unbroken.map(idOf)).toEqual([])
  expect([...seen].filter(([, count]) => count === 0)).toEqual([])
}, 300_000)
