import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { failing, newestRun, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'
import { type ResultsBucket, resultsBucket } from './results-bucket.ts'

const plans = { passes: planText('passes', passing), fails: planText('fails', failing) }

let bucket: ResultsBucket
beforeAll(async () => {
  bucket = await resultsBucket()
})
afterAll(async () => {
  await bucket.end()
  removeRepositories()
})

describe('report --send', () => {
  test('stores runs whose place was not there, and once more what is there already, made anew', async () => {
    const repo = repository(plans)
    await repo.run(['plan', 'passes'], { env: { ...bucket.env, RESULTS_BUCKET: 'nowhere' } })
    await repo.run(['plan', 'fails'])
    const runs = await Promise.all(['passes', 'fails'].map((plan) => newestRun(repo, plan)))
    const ids = runs.map((run) => run.split('/').at(-1) ?? '')
    rmSync(join(repo.dir, runs[0] ?? '', 'results.csv'))
    for (const _ of ['once', 'again']) {
      const { exit, out, err } = await repo.run(['report', ...ids, '--send'], { env: bucket.env })
      expect([exit, err, out.trimEnd().split('\n')]).toEqual([
        0,
        '',
        ids.map((id) =>
          expect.stringMatching(new RegExp(`^ {2}stored: .* under (passes|fails)/${id}/ in bucket results`)),
        ),
      ])
    }
    const [first, second] = await Promise.all([bucket.stored(`passes/${ids[0]}/`), bucket.stored(`fails/${ids[1]}/`)])
    expect(first['results.csv']).toContain(',answered,')
    expect(second['results.csv']).toBe(repo.read(`${runs[1]}/results.csv`))
  })

  test('exits with 2 where it cannot be, and where no place is named', async () => {
    const repo = repository(plans)
    await repo.run(['plan', 'passes'])
    const dead = await repo.run(['report', '--send'], { env: { ...bucket.env, RESULTS_BUCKET: 'nowhere' } })
    expect([dead.exit, sentenceOf(dead)]).toEqual([2, expect.stringContaining('(404 NoSuchBucket). Send them again')])
    const none = await repo.run(['report', '--send'])
    expect([none.exit, sentenceOf(none)]).toEqual([
      2,
      "Cannot store results as '--send' must be used where a variable names a place: current value is none. Set RESULTS_BUCKET.",
    ])
  })
})
