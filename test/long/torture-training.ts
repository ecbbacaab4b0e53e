// A plan that trains, killed again and again: the training goes on from its own newest checkpoint, and comes to what it does unbroken.
import { afterAll, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { entry, home, removeRepositories, repository } from '../lib/cli/helpers.ts'
import { testPython } from '../python-environments.ts'

// By hand: ASSAY_KILLS=30. A slow machine gets through fewer of them in its time.
const kills = process.env.ASSAY_KILLS ?? '15'
const minutes = process.env.ASSAY_MINUTES ?? '4'
const least = 6

const python = await testPython('train')
if ('unavailable' in python) console.warn(`skipped: killing a plan that trains: ${python.unavailable}`)
afterAll(removeRepositories)

const plan = (tally: string) => `import { definePlan, holds } from 'assay'
import { appendFileSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import { train } from 'assay/tasks/training/train'
import { pythonFor } from 'assay/tasks/training/python-for'
import { Trained } from 'assay/tasks/training/trained'
import { parseProgress } from 'assay/tasks/training/steps/progress'

const variables = { STEPS: '320', CHECKPOINT_EVERY: '8', IMAGES_PER_NODE: '96', BATCH_SIZE: '16', RESOLUTION: '8', VALIDATE: 'no', DEVICE: 'cpu' }

export default definePlan({ name: 'trains', kind: 'functional', title: 'A small training' }, (plan) => {
  const environment = plan.use(pythonFor(''))
  const trained = plan.step({
    name: 'train', needs: { environment }, output: Trained,
    // But for sizes: where it lies stands in its checkpoints.
    run: async ({ environment: { python } }, context) => ({ ...(await train({ python, variables }, context)), checkpoints: [] }),
  })
  // What it came to: the same bits, however often it was broken off.
  plan.step({
    name: 'weights', needs: { trained }, output: v.string(),
    run: ({ trained }) => Bun.SHA256.hash(readFileSync(trained.weights), 'hex'),
  })
  plan.check({
    name: 'nothing is done twice that a checkpoint holds', needs: { trained },
    run({ trained }) {
      const lines = readFileSync(trained.series, 'utf8').split('\\n').flatMap((text) => parseProgress(text) ?? [])
      const again = []
      let saved = 0
      for (const line of lines) {
        if (line.event === 'checkpoint') saved = line.step
        if (line.event === 'step' && line.step <= saved) again.push(line.step + ' after checkpoint-' + saved)
      }
      const resumed = lines.filter(({ event }) => event === 'resumed').map(({ step }) => step)
      appendFileSync(${JSON.stringify(tally)}, JSON.stringify({ series: trained.series, resumed }) + '\\n')
      return [holds('no step is', again.length === 0, again.slice(0, 3).join(', '))]
    },
  })
})
`

const Found = v.object({
  ...{ kills: v.number(), right: v.number() },
  ...{ lost: v.number(), orphans: v.number(), falseGreens: v.number(), torn: v.number() },
})
const Line = v.object({ series: v.string(), resumed: v.array(v.number()) })

const missing = 'unavailable' in python || process.platform !== 'linux'

/** A repository with the plan, in which `bunx assay` is this checkout's; what its check saw is in `tally`. */
function training() {
  const repo = repository()
  const tally = join(repo.dir, 'tally.jsonl')
  repo.file('plans/trains.ts', plan(tally))
  mkdirSync(join(repo.dir, 'node_modules/.bin'))
  chmodSync(entry, 0o755)
  symlinkSync(entry, join(repo.dir, 'node_modules/.bin/assay'))
  mkdirSync(join(repo.dir, '.assay'))
  symlinkSync(join(home, '.assay/python'), join(repo.dir, '.assay/python'))
  const resumed = () => {
    const lines = existsSync(tally) ? readFileSync(tally, 'utf8').trimEnd().split('\n') : []
    // Of each run the last one, since a resumed run is judged again.
    return new Map(lines.map((text) => v.parse(Line, JSON.parse(text))).map(({ series, resumed }) => [series, resumed]))
  }
  return { repo, resumed }
}

test.skipIf(missing)(
  'killed three times while it trains, it goes on from its newest checkpoint each time, and comes to the same weights',
  async () => {
    const { repo, resumed } = training()
    expect((await repo.run(['plan', 'trains'])).exit).toBe(0)
    const [unbroken] = await Array.fromAsync(new Bun.Glob('runs/trains/*/journal.jsonl').scan(repo.dir))
    const saved = async () => {
      const all = await Array.fromAsync(new Bun.Glob('runs/trains/*/steps/*/training.jsonl').scan(repo.dir))
      const [series] = all.filter((path) => !path.startsWith(dirname(unbroken ?? '')))
      return series === undefined ? 0 : repo.read(series).split('"event": "checkpoint"').length - 1
    }
    for (const [index, resume] of [[], ['--resume'], ['--resume']].entries()) {
      const child = repo.start(['plan', 'trains', ...resume])
      while ((await saved()) < 4 * (index + 1)) {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it was killed`)
        await Bun.sleep(20)
      }
      child.kill('SIGKILL')
      await child.exited
    }
    const { exit, out } = await repo.run(['plan', 'trains', '--resume'])
    expect([exit, exit === 0 ? '' : out]).toEqual([0, ''])
    const steps = [...resumed().values()].at(-1) ?? []
    expect(steps).toHaveLength(3)
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    expect(steps[0]).toBeGreaterThanOrEqual(4 * 8)
    const weights = (journal: string) => /"step":"weights".*?"output":"([0-9a-f]{64})"/.exec(repo.read(journal))?.[1]
    const [journal] = (await Array.fromAsync(new Bun.Glob('runs/trains/*/journal.jsonl').scan(repo.dir))).filter(
      (path) => path !== unbroken,
    )
    expect(weights(journal ?? '')).toBe(weights(unbroken ?? '') ?? 'none')
  },
  20 * 60_000,
)

test.skipIf(missing)(
  `killed up to ${kills} times, whenever that is, it comes to what it does unbroken`,
  async () => {
    const { repo, resumed } = training()
    const words = [
      'torture',
      'trains',
      '--kills',
      kills,
      '--within',
      minutes,
      '--victims',
      'runner,wrapper,sentinel,group,all',
    ]
    const { exit, out, err } = await repo.run([...words, '--json'])
    if (exit !== 0) throw new Error(out + err)
    const found = v.parse(Found, JSON.parse(out))
    const gone = [...resumed().values()].filter((steps) => steps.length > 0)
    console.log(
      `${found.kills} kills, ${found.right} right; ${gone.length} runs went on from a checkpoint: of steps ${gone.flat().join(', ')}`,
    )
    expect(found.kills).toBeGreaterThanOrEqual(least)
    expect(found).toEqual({ kills: found.kills, right: found.kills, lost: 0, orphans: 0, falseGreens: 0, torn: 0 })
  },
  20 * 60_000,
)
