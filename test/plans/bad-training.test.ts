// Trainings and MLflow servers that go wrong, by the command line as a person meets them. None takes Python.

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { limiter } from '../../tasks/pipeline/stage/bounded.ts'
import { ended, newestRun, removeRepositories, sentenceOf } from '../lib/cli/helpers.ts'
import { peakMemoryToTheEnd, tellsPeakMemory } from '../peak-memory.ts'
import { failures, refusal, version } from '../tasks/mlflow/stand-ins.ts'
import { closedPort, serving, speaking, stopWrongServers } from '../tasks/object-store/wrong-servers.ts'
import { ownPlan, plainPath, sets } from './own-plans.ts'

setDefaultTimeout(300_000)
afterAll(() => {
  stopWrongServers()
  removeRepositories()
})

// Two at once, as many as the cores of a small machine: these tests mostly wait.
const atOnce = limiter(2)
const fixture = join(import.meta.dir, '../fixtures/bad-training.sh')
const scratch = 'train from scratch'
const whole = 'checkpoints are whole, and the loss falls'
const long = process.env.ASSAY_LONG === 'yes'

function training(name: string, ...only: readonly string[]) {
  return planWith('training-resume', name, ...only.flatMap((step) => ['--only', step]))
}

async function planWith(plan: string, name: string, ...more: readonly string[]) {
  const repo = ownPlan(plan)
  const words = ['plan', plan, ...more]
  const { ran, peak } = await atOnce(async () => {
    const child = repo.start([...words, ...sets({ train: `sh '${fixture}' ${name}` })], { env: plainPath })
    const [ran, peak] = await Promise.all([ended(child), tellsPeakMemory ? peakMemoryToTheEnd(child) : Number.NaN])
    return { ran, peak }
  })
  const run = await newestRun(repo, plan)
  const folder = join(repo.dir, run)
  const log = join(folder, 'log.txt')
  return { ...ran, peak, folder, log: existsSync(log) ? readFileSync(log, 'utf8') : '' }
}

/** Command lines of all processes. */
function processes(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()] : []
    } catch {
      return []
    }
  })
}

const once = sets({ counts: '100', rounds: '1', instances: '1' })

describe('a training', () => {
  test.concurrent('whose loss becomes NaN is told, and since when', async () => {
    const resume = await training('loses-its-loss', scratch, whole)
    expect(resume.out).toContain('✗ the loss falls: it is no number from step 21 on')
    const performance = await planWith('performance-1', 'loses-its-loss', ...once)
    expect(performance.out).toContain('its loss is no number from step 21 on, and its speed that of no training')
    expect([resume.exit, performance.exit]).toEqual([1, 1])
  })

  test.concurrent('that waits for its images is told, and for how long', async () => {
    const { exit, out } = await training('starves', scratch, whole)
    expect(out).toMatch(/✗ it is not starved of images: 9\d % of a step's time goes into waiting for them/)
    expect(exit).toBe(1)
  })

  test.skipIf(process.platform !== 'linux').concurrent.each([
    ['leaves-workers', ['sleep 4711', 'sleep 4712'], 'ended 2 processes that the training left behind'],
    ['forgets-its-environment', ['sleep 4713'], 'ended 1 process that steps left behind'],
  ])('that %s leaves nothing alive, and it is said', async (name, left, said) => {
    const { exit, out, log } = await training(name, scratch)
    expect(processes().filter((line) => left.includes(line))).toEqual([])
    expect(out + log).toContain(said)
    expect(exit).toBe(0)
  })

  test.skipIf(!long).concurrent('that hangs is stopped, and named as stalled', async () => {
    const from = performance.now()
    const { exit, out, log } = await training('hangs', scratch)
    expect(out).toContain('the training stalled: no step for 10 s after step 20')
    expect(out).toContain('│ waits for a batch that never comes')
    expect(log).toContain('it is told to end, within 5 s')
    expect(exit).toBe(1)
    expect((performance.now() - from) / 1000).toBeLessThan(60)
  })

  test.skipIf(!long).concurrent('that hangs is not measured either', async () => {
    const { exit, out } = await planWith('performance-1', 'hangs', ...once)
    expect(out).toContain('the training stalled: no step for 10 s after step 20')
    expect(exit).toBe(1)
  })

  test
    .skipIf(!long)
    .concurrent('that writes a gigabyte costs neither memory nor disk, and its end is kept', async () => {
      const { exit, folder, peak } = await training('talks', scratch)
      expect(exit).toBe(0)
      expect(peak).toBeLessThan(200e6)
      const kept = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
      expect(kept.reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(40e6)
      const log = kept.find((path) => path.endsWith('training.log')) ?? ''
      const text = readFileSync(log, 'utf8')
      expect(text).toContain(' bytes left out; the last lines were:')
      expect(text).toEndWith('the end of the log\n')
    })
})

describe('what can not be asked for is one sentence before there is a run', () => {
  test.concurrent.each([
    ['functional-4', 'epochs', '0', "'epochs' must be a whole number from 1: current value is 0"],
    ['performance-1', 'instances', '1,4097', "'instances' must be usual, or whole numbers from 1 to "],
    ['performance-1', 'counts', '0', "'counts' must be whole numbers from 1"],
    ['training-resume', 'steps', '8', "'steps' must be a whole number from 40"],
  ])('%s with %s=%s', async (plan, name, value, sentence) => {
    const ran = await atOnce(() => ownPlan(plan).run(['plan', plan, ...sets({ [name]: value })], { env: plainPath }))
    expect(sentenceOf(ran)).toContain(sentence)
    expect(ran.exit).toBe(2)
  })
})

// Each waits for as long as a run does for its MLflow; what the client says of them is held in test/tasks/mlflow.
describe.skipIf(!long)('an MLflow server that is', () => {
  const answering = (how: string) => serving((request) => failures[how]?.(request) ?? new Response())
  const readable = (request: Request) => {
    if (request.url.endsWith('/version')) return version()
    if (request.url.endsWith('/experiments/search')) return Response.json({})
    return refusal(500, 'INTERNAL_ERROR', '(sqlite3.OperationalError) database or disk is full')
  }
  test.concurrent.each<[string, () => string, string]>([
    ['down', closedPort, 'a server that accepts connections'],
    ['silent', () => speaking(() => {}), 'a server that answers in time'],
    ['for others (403)', () => answering('with 403'), 'a server that allows this'],
    ['broken (503)', () => answering('with 503'), 'a server that answers in the end'],
    ['too old', () => answering('as an old MLflow'), 'a server that is new enough'],
    ['full', () => serving(readable), 'a server with room'],
    ['none', () => answering('with a web page'), 'an MLflow server'],
  ])('%s ends functional-4 with 2 and one sentence', async (_, start, rule) => {
    const repo = ownPlan('functional-4')
    // Neither needs Python.
    const own = sets({ train: `sh '${fixture}' leaves-workers`, infer: 'true' })
    const env = { ...plainPath, MLFLOW_TRACKING_URI: start() }
    const { exit, out, err } = await atOnce(() =>
      repo.run(['plan', 'functional-4', '--only', 'read it back from MLflow', ...own], { env }),
    )
    expect(out).toContain(`as 'MLFLOW_TRACKING_URI' must be ${rule}: current value is ${env.MLFLOW_TRACKING_URI}`)
    expect(out + err).not.toMatch(/Internal error|^\s+at .*:\d+:\d+/m)
    expect(exit).toBe(2)
  })
})
