import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { closedPort, speaking, stopWrongServers } from '../../tasks/object-store/wrong-servers.ts'
import { failing, newestRun, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'
import { type ResultsBucket, resultsBucket } from './results-bucket.ts'

const measuring = `plan.measure({ name: 'speed', metrics: { time: lower('s') }, samples: 3, warmup: 0, run: async (_, { log, env }) => {
  log('the key is ' + env.RESULTS_SECRET_ACCESS_KEY)
  return { time: quantity(1, 's') }
} })`
const plans = {
  passes: planText('passes', passing),
  fails: planText('fails', failing),
  blocks: planText(
    'blocks',
    `plan.step({ name: 'takes the place', output: v.string(), run: async ({}, { $ }) => (await $\`mkdir all.xml\`).stdout })`,
  ),
  measures: planText('measures', measuring).replace('import {', 'import { lower, quantity,'),
}

let bucket: ResultsBucket
beforeAll(async () => {
  bucket = await resultsBucket()
})
afterAll(async () => {
  await bucket.end()
  stopWrongServers()
  removeRepositories()
})

describe('with RESULTS_BUCKET set', () => {
  test('what a run leaves is stored under plan/run/ with its log and samples, and no secret in it', async () => {
    const repo = repository(plans)
    const { exit, out, err } = await repo.run(['plan', 'measures'], { env: bucket.env })
    expect([exit, err]).toEqual([0, ''])
    const run = await newestRun(repo, 'measures')
    const id = run.split('/').at(-1) ?? ''
    const objects = await bucket.stored(`measures/${id}/`)
    expect(Object.keys(objects).sort()).toEqual([
      'journal.jsonl',
      'junit.xml',
      'log.txt',
      'results.csv',
      expect.stringMatching(/^steps\/00-speed\/samples/),
    ])
    for (const [name, text] of Object.entries(objects)) {
      expect(text).toBe(repo.read(`${run}/${name}`))
      expect(text).not.toContain(bucket.endpoint.secretAccessKey)
    }
    expect(out).toMatch(/\n {2}stored: 5 files, [\d.]+ kB, under measures\/[^/]+\/ in bucket results at http:[^\n]+\n$/)
  })

  test('the keys and the address of the store that is tested are meant where it has none of its own', async () => {
    const repo = repository(plans)
    const { url, accessKeyId, secretAccessKey } = bucket.endpoint
    const env = { S3_ENDPOINT: url, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    expect((await repo.run(['plan', 'passes'], { env: { ...env, RESULTS_BUCKET: 'results' } })).out).toContain(
      'stored:',
    )
    const wrong = { ...env, S3_ENDPOINT: closedPort(), AWS_ACCESS_KEY_ID: 'other', AWS_SESSION_TOKEN: 'of other keys' }
    expect((await repo.run(['plan', 'passes'], { env: { ...wrong, ...bucket.env } })).out).toContain('stored:')
  })

  test('what a run leaves is stored also where a file for all of them could not be written', async () => {
    const repo = repository(plans)
    const blocked = await repo.run(['plan', 'blocks', '--junit', 'all.xml'], { env: bucket.env })
    expect([blocked.exit, blocked.out]).toEqual([2, expect.stringContaining('stored:')])
    expect(sentenceOf(blocked)).toStartWith("Cannot write results as 'all.xml'")
  })

  test('several plans are stored once all have ended, the results on stdout alone', async () => {
    const repo = repository(plans)
    const { exit, out, err } = await repo.run(['plan', 'passes', 'fails', '--csv', '-'], { env: bucket.env })
    expect([exit, out.match(/stored/g)]).toEqual([1, null])
    expect(err.trimEnd().split('\n').slice(-2).join()).toMatch(/^ {2}stored: .* passes\/.*, {2}stored: .* fails\//)
  })
})

describe('a place that does not take results', () => {
  const dead: readonly (readonly [string, () => Readonly<Record<string, string>>, RegExp])[] = [
    ['refuses', () => ({ RESULTS_ENDPOINT: closedPort() }), /connection refused/],
    ['never answers', () => ({ RESULTS_ENDPOINT: speaking(() => {}) }), /no answer in time/],
    ['has no such bucket', () => ({ RESULTS_BUCKET: 'nowhere' }), /404 NoSuchBucket/],
    ['has other keys', () => ({ RESULTS_SECRET_ACCESS_KEY: 'wrong-secret-key' }), /403 SignatureDoesNotMatch/],
  ]
  test.each(dead)(
    'as it %s, is told of in one sentence, and the exit code is that of the plans',
    async (_, env, why) => {
      const repo = repository(plans)
      const ran = await repo.run(['plan', 'fails', 'passes'], { env: { ...bucket.env, ...env() } })
      expect([ran.exit, ran.out.includes('stored')]).toEqual([1, false])
      const ids = await Promise.all(
        ['fails', 'passes'].map(async (plan) => (await newestRun(repo, plan)).split('/').at(-1)),
      )
      const sentence = sentenceOf(ran)
      expect(sentence).toStartWith(
        "Cannot store the results of fails as 'RESULTS_BUCKET' must be a place that takes them: current value is bucket ",
      )
      expect(sentence).toEndWith(`). Send them again: bunx assay report ${ids.join(' ')} --send`)
      expect(sentence).toMatch(why)
      expect(sentence).not.toContain('wrong-secret-key')
    },
  )

  test('as it is not said where it is, is told of likewise', async () => {
    const ran = await repository(plans).run(['plan', 'passes'], { env: { RESULTS_BUCKET: 'results' } })
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      0,
      "Cannot store results as 'RESULTS_ENDPOINT' must be a URL like http://127.0.0.1:9000: current value is not set. Set it; the task object-store serves one for trying.",
    ])
  })
})

test('a repository has places of its own', async () => {
  const repo = repository(plans)
  repo.file(
    'tasks/own/folder.results.ts',
    `import type { ResultsPlace } from 'assay'
    const place: ResultsPlace = {
      variable: 'RESULTS_FOLDER',
      open: ({ RESULTS_FOLDER }) => ({
        name: RESULTS_FOLDER ?? '',
        put: async ({ path, content }) => {
          if (path.startsWith('fails/')) throw new Error('no room for it')
          await Bun.write(RESULTS_FOLDER + '/' + path, content)
        },
      }),
    }
    export default place`,
  )
  const { exit, out, err } = await repo.run(['plan', 'passes', 'fails'], { env: { RESULTS_FOLDER: 'elsewhere' } })
  const id = (await newestRun(repo, 'passes')).split('/').at(-1) ?? ''
  expect([exit, out.includes(`under passes/${id}/ in elsewhere`)]).toEqual([1, true])
  expect(err).toMatch(/^Cannot store the results of fails as 'RESULTS_FOLDER' must be .* elsewhere \(no room for it\)/)
  expect(readdirSync(join(repo.dir, 'elsewhere/passes', id))).toContain('results.csv')
})
