import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { failures, version } from '../../tasks/mlflow/stand-ins.ts'
import { answering, closedPort, serving, speaking, stopWrongServers } from '../../tasks/object-store/wrong-servers.ts'
import {
  failing,
  newestRun,
  passing,
  planText,
  type Repository,
  removeRepositories,
  repository,
  sentenceOf,
} from './helpers.ts'

const plans = {
  passes: planText('passes', passing),
  fails: planText('fails', failing),
  dies: planText(
    'dies',
    `const first = plan.step({ name: 'first', output: v.number(), run: () => 1 })
     plan.step({ name: 'dies', needs: { first }, output: v.number(), run: () => { process.kill(process.pid, 'SIGKILL'); return 1 } })`,
  ),
}

afterAll(() => {
  stopWrongServers()
  removeRepositories()
})

async function idOf(repo: Repository, plan: string): Promise<string> {
  return (await newestRun(repo, plan)).split('/').at(-1) ?? ''
}

function isOwed(repo: Repository, plan: string, id: string): boolean {
  return existsSync(join(repo.dir, 'runs', plan, '.owed-tracking', id))
}

describe('an MLflow that does not take a run', () => {
  const moody = (how: string) => () => serving((request) => failures[how]?.(request) ?? new Response())
  const wrong: readonly (readonly [how: string, url: () => string, why: RegExp])[] = [
    ['refuses', closedPort, /connection refused/],
    ['never answers', () => speaking(() => {}), /no answer in time/],
    ['answers 403', moody('with 403'), /403 PERMISSION_DENIED/],
    ['answers 500', moody('with 500'), /500 INTERNAL_ERROR/],
    ['is none', moody('with a web page'), /it does not answer in JSON/],
    ['is too old', moody('as an old MLflow'), /it is MLflow 1\.30\.0/],
  ]
  test.each(wrong)(
    'as it %s, is told of in one sentence; the exit code stays, and the run is owed',
    async (_, url, why) => {
      const repo = repository(plans)
      const at = url()
      const env = { MLFLOW_TRACKING_URI: at, MLFLOW_TRACKING_TOKEN: 'very-secret-token' }
      const began = performance.now()
      const ran = await repo.run(['plan', 'fails'], { env })
      expect(performance.now() - began).toBeLessThan(15_000)
      const id = await idOf(repo, 'fails')
      expect([ran.exit, ran.out.includes('shown'), isOwed(repo, 'fails', id)]).toEqual([1, false, true])
      const sentence = sentenceOf(ran)
      expect(sentence).toStartWith(
        `Cannot show fails as 'MLFLOW_TRACKING_URI' must be a server that takes runs: current value is ${at} (`,
      )
      expect(sentence).toMatch(why)
      expect(sentence).toEndWith(`It is owed: bunx assay report ${id} --mlflow sends it`)
      expect(ran.err + ran.out).not.toContain('very-secret-token')
    },
  )

  test('is told of once for several runs, whose ids it names', async () => {
    const repo = repository(plans)
    const ran = await repo.run(['plan', 'fails', 'passes'], { env: { MLFLOW_TRACKING_URI: closedPort() } })
    const ids = [await idOf(repo, 'fails'), await idOf(repo, 'passes')]
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      1,
      expect.stringContaining(`bunx assay report ${ids.join(' ')} --mlflow sends`),
    ])
    expect([isOwed(repo, 'fails', ids[0] ?? ''), isOwed(repo, 'passes', ids[1] ?? '')]).toEqual([true, true])
    const shown = await repo.run(['report'])
    expect([shown.exit, shown.out.split('\n').at(-2)]).toEqual([
      0,
      `  owed to MLflow: bunx assay report ${ids[1]} --mlflow`,
    ])
    const again = await repo.run(['report', '--mlflow'], { env: { MLFLOW_TRACKING_URI: closedPort() } })
    expect([again.exit, sentenceOf(again)]).toEqual([2, expect.stringContaining('connection refused')])
  })

  test('as its address is none, is told of likewise, without what may be a password', async () => {
    const repo = repository(plans)
    const ran = await repo.run(['plan', 'passes'], { env: { MLFLOW_TRACKING_URI: 'postgres://me:hunter22@box' } })
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      0,
      "Cannot use MLflow as 'MLFLOW_TRACKING_URI' must be a URL that starts with http:// or https://: current value is ***@box. Name a server, or unset it.",
    ])
    expect(isOwed(repo, 'passes', await idOf(repo, 'passes'))).toBe(true)
  })
})

describe('before a step runs', () => {
  /** Says when its step runs, so that what is said before it can be told from what is said after. */
  const speaks = {
    speaks: planText(
      'speaks',
      `plan.step({ name: 'speak', output: v.number(), run: (_, { env }) => (console.error('HERE'), 1) })`,
    ),
  }
  const before = async (env: Readonly<Record<string, string>>) => {
    const repo = repository(speaks)
    const child = repo.start(['plan', 'speaks', '--csv', '-'], { env })
    const [exit, err] = await Promise.all([child.exited, child.stderr.text()])
    expect([exit, err.includes('HERE')]).toEqual([0, true])
    return { said: err.split('HERE')[0] ?? '', owed: isOwed(repo, 'speaks', await idOf(repo, 'speaks')) }
  }
  const owing = 'Until it is, runs are owed: bunx assay report --mlflow sends them\n'

  test.each([
    ['nobody listens', closedPort, 'connection refused'],
    ['a web page answers', () => answering('<!doctype html><title>Hello', 200), 'it does not answer in JSON'],
    ['404 answers', () => answering('<h1>Not here</h1>', 404), 'it answers with 404 and not as MLflow'],
    ['another program answers', () => answering('{"hello":"you"}', 200), "its answer is none of MLflow's"],
    ['nothing is answered', () => speaking(() => {}), 'no answer within 1 s'],
  ] as const)('where %s, that is said, and the run goes on at once', async (_, url, why) => {
    const at = url()
    const { said, owed } = await before({ MLFLOW_TRACKING_URI: at, MLFLOW_TRACKING_TOKEN: 'very-secret-token' })
    expect(said).toStartWith(
      `Cannot show runs as 'MLFLOW_TRACKING_URI' must be a server that takes runs: current value is ${at} (${why}`,
    )
    expect(`${said.split('\n')[0]}\n`).toEndWith(`). ${owing}`)
    expect([said.includes('very-secret-token'), owed]).toEqual([false, true])
  })

  test.each([
    ['nonsense', 'nonsense', 'a URL like http://127.0.0.1:5000', 'nonsense. Name a server, or unset it.'],
    [
      'a path',
      'sqlite:///x.db',
      'a URL that starts with http:// or https://',
      'sqlite:///x.db. Name a server, or unset it.',
    ],
    [
      'an address in quotation marks',
      '"http://me:hunter22@127.0.0.1:5000"',
      'a URL like http://127.0.0.1:5000',
      '***@127.0.0.1:5000". Take off the quotation marks around it.',
    ],
  ])('%s is told to be no address', async (_, MLFLOW_TRACKING_URI, rule, value) => {
    const { said } = await before({ MLFLOW_TRACKING_URI })
    expect(said).toStartWith(`Cannot use MLflow as 'MLFLOW_TRACKING_URI' must be ${rule}: current value is ${value}\n`)
    expect(said).not.toContain('hunter22')
  })

  test('a server that takes runs is worth no word', async () => {
    const url = serving(({ url }) =>
      url.endsWith('/version') ? version() : Response.json({ experiments: [{ experiment_id: '0' }] }),
    )
    expect((await before({ MLFLOW_TRACKING_URI: url })).said).not.toContain('MLFLOW_TRACKING_URI')
  })
})

describe('report --mlflow', () => {
  test('wants a server to be named', async () => {
    const repo = repository(plans)
    await repo.run(['plan', 'passes'])
    const { exit, ...ran } = await repo.run(['report', '--mlflow'])
    expect([exit, sentenceOf({ exit, ...ran })]).toEqual([
      2,
      "Cannot send a run as '--mlflow' must be used where a variable names a server: current value is none. Set MLFLOW_TRACKING_URI.",
    ])
  })

  test('leaves a run alone that goes on', async () => {
    const repo = repository({
      waits: planText(
        'waits',
        `plan.step({ name: 'waits', output: v.number(), run: async () => { await Bun.sleep(60_000); return 1 } })`,
      ),
    })
    const child = repo.start(['plan', 'waits'], { env: { MLFLOW_TRACKING_URI: closedPort() } })
    try {
      while ((await Array.fromAsync(new Bun.Glob('runs/waits/*/journal.jsonl').scan({ cwd: repo.dir }))).length === 0)
        await Bun.sleep(20)
      const id = await idOf(repo, 'waits')
      const ran = await repo.run(['report', id, '--mlflow'], { env: { MLFLOW_TRACKING_URI: closedPort() } })
      expect([ran.exit, sentenceOf(ran)]).toEqual([
        2,
        `Cannot send a run as 'RUN' must be one that has ended: current value is ${id}. Wait for it, or stop it.`,
      ])
    } finally {
      child.kill('SIGKILL')
      await child.exited
    }
  })
})

describe('a tracking place of the repository', () => {
  /** Writes what it is sent into a folder, while that is there. */
  const place = `
    import { existsSync, writeFileSync } from 'node:fs'
    export default {
      variable: 'OWN_TRACKING_URI',
      open: ({ OWN_TRACKING_URI: folder }) => ({
        name: folder,
        async send(run, files) {
          if (!existsSync(folder)) throw new Error('it is gone')
          writeFileSync(folder + '/' + run.run, JSON.stringify({ ...run, files: [...files].map(({ path }) => path).sort() }))
          return { kind: 'new', where: folder, left: [] }
        },
      }),
    }`
  const setUp = () => {
    const repo = repository(plans)
    repo.file('tasks/own/own.tracking.ts', place)
    return { repo, env: { OWN_TRACKING_URI: 'shown' } }
  }
  const shownIn = (repo: Repository, id: string) => JSON.parse(repo.read(`shown/${id}`))

  test('is sent each run with its files, and what was owed with the next run', async () => {
    const { repo, env } = setUp()
    const without = await repo.run(['plan', 'fails'], { env })
    expect([without.exit, sentenceOf(without)]).toEqual([
      1,
      expect.stringContaining('current value is shown (it is gone). It is owed'),
    ])
    const before = await idOf(repo, 'fails')
    repo.file('shown/there', '')
    const { exit, out, err } = await repo.run(['plan', 'passes'], { env })
    const id = await idOf(repo, 'passes')
    expect([exit, err]).toEqual([0, ''])
    expect(out).toEndWith(`  shown: at shown\n  shown: fails/${before} of before at shown\n`)
    expect(shownIn(repo, id)).toMatchObject({
      plan: 'passes',
      status: 'FINISHED',
      files: ['journal.jsonl', 'junit.xml', 'results.csv'],
    })
    expect(shownIn(repo, before)).toMatchObject({ plan: 'fails', status: 'FAILED' })
    expect([isOwed(repo, 'passes', id), isOwed(repo, 'fails', before)]).toEqual([false, false])
    expect((await repo.run(['report', before])).out).not.toContain('owed')
  })

  test('shows a run that was killed as killed, once somebody sends what is owed', async () => {
    const { repo, env } = setUp()
    repo.file('shown/there', '')
    await repo.run(['plan', 'dies'], { env })
    const id = await idOf(repo, 'dies')
    expect([isOwed(repo, 'dies', id), existsSync(join(repo.dir, 'shown', id))]).toEqual([true, false])
    const { exit, out } = await repo.run(['report', '--mlflow'], { env })
    expect([exit, out]).toEqual([0, '  shown: at shown\n'])
    expect(shownIn(repo, id)).toMatchObject({ status: 'KILLED', plan: 'dies' })
    expect(isOwed(repo, 'dies', id)).toBe(false)
  })

  test('is left alone by a run that nobody wants to have shown', async () => {
    const { repo } = setUp()
    repo.file('shown/there', '')
    const { out } = await repo.run(['plan', 'passes'])
    const id = await idOf(repo, 'passes')
    expect([out.includes('shown'), isOwed(repo, 'passes', id)]).toEqual([false, false])
  })

  test('of no variable that is set owes nothing', async () => {
    const repo = repository(plans)
    const { exit, out, err } = await repo.run(['plan', 'passes'], { env: { OTHER_TRACKING_URI: 'x' } })
    expect([exit, err, out.includes('shown')]).toEqual([0, '', false])
    expect(isOwed(repo, 'passes', await idOf(repo, 'passes'))).toBe(false)
  })

  test('that is none is told of', async () => {
    const { repo, env } = setUp()
    repo.file('tasks/own/own.tracking.ts', 'export default 7')
    const ran = await repo.run(['plan', 'passes'], { env })
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      0,
      expect.stringContaining('must be a tracking place: current value is number'),
    ])
  })
})
