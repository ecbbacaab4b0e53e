// bun benchmarks/mlflow.ts [--quick]: 10,000 samples of a metric logged by our client and by MLflow's own, on one real server.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { connectMlflow } from '../tasks/mlflow/connect.ts'
import { startServer } from '../tasks/mlflow/server.ts'
import { pythonEnvironment } from '../tasks/python/environment.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

const pairs = process.argv.includes('--quick') ? 6 : 20
const count = 10_000
/** At most 1.5 times its time. */
const bar = 1 / 1.5

const folder = mkdtempSync(join(tmpdir(), 'assay-mlflow-'))
const work = {
  env: process.env,
  signal: new AbortController().signal,
  log: () => {},
  progress: () => {},
}
const python = await pythonEnvironment('mlflow', work)
const server = await startServer({ python, folder, ...work })
try {
  const client = connectMlflow({ url: server.url, authorization: undefined, environment: {} })
  const experiment = await client.experiment('by ours')
  const own = Bun.spawn([python.python, join(import.meta.dir, 'mlflow/own_client.py'), server.url], {
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
    stdin: 'pipe',
    stdout: 'pipe',
  })
  const answers = createInterface({ input: Readable.fromWeb(own.stdout) })[Symbol.asyncIterator]()

  const contestants = {
    async ours(pair: number) {
      const { id } = await client.createRun({ experiment, name: `pair ${pair}`, startTime: Date.now() })
      const metrics = Array.from({ length: count }, (_, step) => {
        return { key: 'loss', value: pair + step / 7, timestamp: 1_700_000_000_000 + step, step }
      })
      const began = performance.now()
      await client.log(id, { metrics })
      const seconds = (performance.now() - began) / 1000
      const found = (await client.history(id, 'loss')).length
      if (found !== count) throw new Error(`${found} samples of ${count} are there`)
      return seconds
    },
    async theirs(pair: number) {
      own.stdin.write(`${count} ${pair}\n`)
      own.stdin.flush()
      return Number((await answers.next()).value)
    },
  }
  const seconds: Record<keyof typeof contestants, number[]> = { ours: [], theirs: [] }
  // The first pair warms up and does not count.
  for (let pair = -1; pair < pairs; pair++) {
    for (const name of pair % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const)) {
      const taken = await contestants[name](pair)
      if (pair >= 0) seconds[name].push(taken)
    }
    process.stderr.write(`\rpair ${pair + 1} of ${pairs}   `)
  }
  process.stderr.write('\n')
  own.stdin.end()
  await own.exited
  const ratio = pairedRatio(seconds.theirs, seconds.ours)
  console.log(`${count} samples of one metric to MLflow ${server.version} on SQLite, ${pairs} pairs\n`)
  printTable(
    ['client', 'median, s', 'speed over MLflow’s own', 'bar', 'verdict'],
    [
      ["MLflow's own (Python)", median(seconds.theirs).toFixed(2), '', '', ''],
      ['ours', median(seconds.ours).toFixed(2), showRatio(ratio), `≥ ${bar.toFixed(2)}`, judge(ratio, bar)],
    ],
  )
} finally {
  await server.stop(5000)
  rmSync(folder, { recursive: true, force: true })
}
