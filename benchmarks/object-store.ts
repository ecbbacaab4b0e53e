// bun benchmarks/object-store.ts [--quick | --rounds=60]: the embedded store against its peers, and its memory over one large object.
import { cpus } from 'node:os'
import { bucket, type Client, clientsOf, rate, storeLarge } from './object-store/load.ts'
import { embedded, type Peer, s3rver, versitygw } from './object-store/peers.ts'
import { cpuOf, peakOf } from './object-store/process.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

const quick = process.argv.includes('--quick')
const asked = process.argv.find((word) => word.startsWith('--rounds='))?.slice('--rounds='.length)
const rounds = Number(asked ?? (quick ? 3 : 20))
const count = quick ? 100 : 400
const inFlight = 32
const body = crypto.getRandomValues(new Uint8Array(65_536))
const object = Buffer.alloc(100 * 1024, body)

const bars: Readonly<Record<string, number>> = {
  "s3rver 3.7.1 · Bun's client · put": 2,
  "s3rver 3.7.1 · Bun's client · get": 2,
  's3rver 3.7.1 · AWS SDK · put': 2,
  's3rver 3.7.1 · AWS SDK · get': 1.4,
}
const barOf = (peer: string, client: string, operation: string) => bars[`${peer} · ${client} · ${operation}`] ?? 1.2

interface Contestant {
  readonly peer: Peer
  readonly clients: readonly Client[]
}

interface Raced {
  /** Operations a second. */
  readonly rates: number[]
  /** Microseconds of a core that the server took for each of them; empty where that is not told. */
  readonly costs: number[]
}

/** Each contestant, client and operation, round by round. */
async function race(contestants: readonly Contestant[]): Promise<(id: string) => Raced> {
  const raced = new Map<string, Raced>()
  for (let round = -1; round < rounds; round++) {
    // Who goes first changes from round to round; the first round warms up and does not count.
    const order = contestants.map((_, i) => contestants[(i + round + 1) % contestants.length])
    for (const client of ["Bun's client", 'AWS SDK'] as const)
      for (const operation of ['put', 'get'] as const)
        for (const contestant of order) {
          const found = contestant?.clients.find(({ name }) => name === client)
          if (contestant === undefined || found === undefined) continue
          const work = async (i: number) => {
            if (operation === 'put') await found.put(`${i}`, object)
            else if ((await found.get(`${i}`)) !== object.length) throw new Error('a short get')
          }
          const before = cpuOf(contestant.peer.pid)
          const speed = await rate(count, inFlight, work)
          const after = cpuOf(contestant.peer.pid)
          if (round < 0) continue
          const id = `${contestant.peer.name} · ${client} · ${operation}`
          const { rates, costs } = raced.get(id) ?? { rates: [], costs: [] }
          raced.set(id, { rates, costs })
          rates.push(speed)
          if (before !== undefined && after !== undefined) costs.push((after - before) / count)
        }
    process.stderr.write(`\rround ${round + 1} of ${rounds}`)
  }
  process.stderr.write('\n')
  return (id) => raced.get(id) ?? { rates: [], costs: [] }
}

async function compare(): Promise<void> {
  const peers = [await embedded(), await s3rver(), await versitygw()].filter((peer) => peer !== undefined)
  try {
    const contestants = await Promise.all(
      peers.map(async (peer) => ({ peer, clients: await clientsOf(peer.endpoint) })),
    )
    const raced = await race(contestants)
    const rows: string[][] = []
    for (const { name } of peers.slice(1))
      for (const client of ["Bun's client", 'AWS SDK'])
        for (const operation of ['put', 'get']) {
          const ours = raced(`embedded · ${client} · ${operation}`)
          const theirs = raced(`${name} · ${client} · ${operation}`)
          const [ratio, bar] = [pairedRatio(ours.rates, theirs.rates), barOf(name, client, operation)]
          const speeds = [ours.rates, theirs.rates, ours.costs, theirs.costs].map((all) => median(all).toFixed(0))
          rows.push([name, client, operation, ...speeds, showRatio(ratio), `≥ ${bar}`, judge(ratio, bar)])
        }
    console.log(`100 KiB objects, ${inFlight} in flight, ${count} a round, ${cpus().length} cores; bucket ${bucket}\n`)
    const titles = [
      'peer',
      'client',
      'operation',
      'embedded/s',
      'peer/s',
      'embedded µs',
      'peer µs',
      'ratio',
      'bar',
      'verdict',
    ]
    printTable(titles, rows)
    console.log('\nµs: of a core, that the server takes for one of them')
  } finally {
    for (const peer of peers) await peer.stop()
  }
}

async function memory(): Promise<void> {
  if (process.platform !== 'linux') return console.log('memory is read from /proc, which only Linux has')
  const size = quick ? 500_000_000 : 5_000_000_000
  const peer = await embedded()
  const rows: string[][] = []
  try {
    rows.push(['idle', peakOf(peer.pid).toFixed(0), '', ''])
    await storeLarge(peer.endpoint, size, (how) => {
      const peak = peakOf(peer.pid)
      rows.push([how, peak.toFixed(0), '< 150', peak < 150 ? 'pass' : 'fail'])
    })
    console.log(`\none object of ${size / 1e9} GB in the embedded store\n`)
    printTable(['stored', 'peak RSS, MB', 'bar', 'verdict'], rows)
  } finally {
    await peer.stop()
  }
}

await compare()
await memory()
process.exit(0)
