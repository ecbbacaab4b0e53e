// A plan that trains, killed again and again: the training goes on from its own newest checkpoint, and comes to what it does unbroken.
import { afterAll, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
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
import { parseProgress } from 'assay/tasks/training/progress'

const variables = { STEPS: '160', CHECKPOINT_EVERY: '8', IMAGES_PER_NODE: '96', BATCH_SIZE: '16', RESOLUTION: '8', VALIDATE: 'no', DEVICE: 'cpu' }

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

test.skipIf('unavailable' in python || process.platform !== 'linux')(
  `killed up to ${kills} times, it goes on from the training's own checkpoint`,
  async () => {
    const repo = repository()
    const tally = join(repo.dir, 'tally.jsonl')
    repo.file('plans/trains.ts', plan(tally))
    mkdirSync(join(repo.dir, 'node_modules/.bin'))
    chmodSync(entry, 0o755)
    symlinkSync(entry, join(repo.dir, 'node_modules/.bin/assay'))
    mkdirSync(join(repo.dir, '.assay'))
    symlinkSync(join(home, '.assay/python'), join(repo.dir, '.assay/python'))
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
    const lines = readFileSync(tally, 'utf8')
      .trimEnd()
      .split('\n')
      .map((text) => v.parse(Line, JSON.parse(text)))
    const byRun = new Map(lines.map(({ series, resumed }) => [series, resumed]))
    const resumed = [...byRun.values()].filter((steps) => steps.length > 0)
    console.log(
      `${found.kills} kills, ${found.right} right; ${resumed.length} runs went on from a checkpoint: of steps ${resumed.flat().join(', ')}`,
    )
    expect(found.kills).toBeGreaterThanOrEqual(least)
    expect(found).toEqual({ kills: found.kills, right: found.kills, lost: 0, orphans: 0, falseGreens: 0, torn: 0 })
    // Else it would be killed before it had anything to go on with.
    expect(resumed.length).toBeGreaterThanOrEqual(found.kills / 5)
  },
  20 * 60_000,
)
