import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, closeSync, existsSync, openSync, readdirSync, utimesSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf } from '../../../lib/cli/answer.ts'
import { version } from '../../tasks/mlflow/stand-ins.ts'
import { answering, closedPort, serving, speaking, stopWrongServers } from '../../tasks/object-store/wrong-servers.ts'
import { planText, removeRepositories, repository } from './helpers.ts'

afterAll(() => {
  stopWrongServers()
  removeRepositories()
})

const old = ['20200101-000000-aaaa', '20200102-000000-aaaa', '20200103-000000-aaaa']

function withRuns() {
  const repo = repository()
  for (const run of old) repo.file(`runs/p/${run}/data`, 'x'.repeat(5000))
  repo.file('runs/q/20200101-000000-aaaa/data', 'x')
  return repo
}

const runsOf = (repo: ReturnType<typeof withRuns>, plan: string) =>
  readdirSync(join(repo.dir, 'runs', plan))
    .filter((name) => !name.startsWith('.'))
    .sort()

describe('gc', () => {
  test('removes what is older than it is told to keep, never the newest run of a plan', async () => {
    const repo = withRuns()
    const dry = await repo.run(['gc', '--dry-run'])
    expect(dry).toMatchObject({ exit: 0, err: '' })
    expect(dry.out).toBe(
      `would remove runs/p/${old[0]}  5.0 kB\nwould remove runs/p/${old[1]}  5.0 kB\nWould free 2 folders, 10 kB\n`,
    )
    expect([runsOf(repo, 'p'), existsSync(join(repo.dir, 'runs/p/.lock'))]).toEqual([old, false])
    expect((await repo.run(['gc'])).out).toContain('Freed 2 folders, 10 kB')
    expect([runsOf(repo, 'p'), runsOf(repo, 'q')]).toEqual([old.slice(2), old.slice(0, 1)])
    expect((await repo.run(['gc'])).out).toBe('Nothing to remove\n')
  })

  test('forgets the starts that were kept out before what it keeps, and what is no such line stays', async () => {
    const repo = withRuns()
    const line = (at: string, more = '') => `{"schema":1,"at":"${at}T00:00:00.000Z"${more}}\n`
    const [before, after] = [line('2020-01-01'), line('2020-01-03')]
    const newer = line('2020-01-01').replace('1', '2')
    repo.file('runs/p/refused.jsonl', before + newer + after)
    const dry = await repo.run(['gc', '--keep', '2', '--dry-run'])
    expect(dry.out).toContain('would remove the beginning of runs/p/refused.jsonl  45 B\n')
    expect(repo.read('runs/p/refused.jsonl')).toBe(before + newer + after)
    const { out } = await repo.run(['gc', '--keep', '2'])
    expect(out).toEndWith('Freed 1 folder, the beginnings of 1 file, 5.0 kB\n')
    expect(repo.read('runs/p/refused.jsonl')).toBe(newer + after)
    await repo.run(['gc'])
    expect(repo.read('runs/p/refused.jsonl')).toBe(newer)
    expect((await repo.run(['gc'])).out).toBe('Nothing to remove\n')
  })

  test('leaves the last 10 MB of the log of cron, whole lines, and whoever has it open goes on at its end', async () => {
    const repo = repository()
    const lines = Array.from({ length: 300_000 }, (_, index) => `${index} ${'x'.repeat(80)}\n`)
    const path = repo.file('runs/schedule.log', lines.join(''))
    const open = openSync(path, 'a')
    expect((await repo.run(['gc', '--dry-run'])).out).toStartWith(
      'would remove the beginning of runs/schedule.log  16 MB',
    )
    expect(repo.read('runs/schedule.log')).toBe(lines.join(''))
    expect((await repo.run(['gc'])).out).toEndWith('Freed the beginnings of 1 file, 16 MB\n')
    writeSync(open, 'the end\n')
    closeSync(open)
    const left = repo.read('runs/schedule.log')
    expect([left.length > 9.9e6, left.length < 10.01e6]).toEqual([true, true])
    expect(left).toBe([...lines, 'the end\n'].slice(-left.split('\n').length + 1).join(''))
    expect((await repo.run(['gc'])).out).toBe('Nothing to remove\n')
  })

  test('keeps as many runs of each plan as it is told', async () => {
    const repo = withRuns()
    await repo.run(['gc', '--keep', '2'])
    expect([runsOf(repo, 'p'), runsOf(repo, 'q')]).toEqual([old.slice(1), old.slice(0, 1)])
  })

  test('frees what nobody has written to in .assay, but not what Python takes long to fetch, nor the noise floor', async () => {
    const repo = repository()
    const long = new Date('2020-01-01')
    for (const path of ['.assay/nvme', '.assay/python', '.assay/noise', '.assay/fresh']) {
      const file = repo.file(`${path}/x`, 'x')
      if (path === '.assay/fresh') continue
      utimesSync(file, long, long)
      utimesSync(join(repo.dir, path), long, long)
    }
    await repo.run(['gc'])
    expect(readdirSync(join(repo.dir, '.assay')).sort()).toEqual(['fresh', 'noise', 'python'])
  })

  test('leaves a plan alone of which a run goes on', async () => {
    const body = `plan.step({ name: 'wait', output: v.number(), run: async (_, { env }) => {
      while (!(await Bun.file(env.GO).exists())) await Bun.sleep(5)
      return 1
    } })`
    const repo = repository({ p: planText('p', body) })
    for (const run of old) repo.file(`runs/p/${run}/data`, 'x')
    const child = repo.start(['plan', 'p'], { env: { GO: join(repo.dir, 'go') } })
    while (runsOf(repo, 'p').length === old.length) await Bun.sleep(5)
    const { out } = await repo.run(['gc', '--keep', '1'])
    expect(out).toMatch(/^left p alone: run 2\S+ of it goes on\n/)
    expect(runsOf(repo, 'p')).toHaveLength(4)
    repo.file('go', '')
    expect(await child.exited).toBe(0)
  })
})

describe('doctor', () => {
  test('says what is there, for people and as JSON', async () => {
    const repo = withRuns()
    const env = { S3_ENDPOINT: 'http://user:pass@127.0.0.1:9000', PATH: '/nowhere' }
    const { exit, out } = await repo.run(['doctor'], { env })
    expect(exit).toBe(0)
    expect(out).toMatch(/Bun +\d+\.\d+\.\d+ +1\.\d+\.\d+ or newer/)
    expect(out).toMatch(/rustfs +not on PATH +without it the embedded store is started/)
    expect(out).toMatch(/S3_ENDPOINT +http:\/\/\*\*\*@127\.0\.0\.1:9000/)
    expect(out).toMatch(/runs\/ +15 kB +free it: bunx assay gc --keep 30d/)
    expect(out).not.toContain('pass')
    expect(out).toMatch(/MLFLOW_TRACKING_URI +not set +plans that need MLflow start a server of their own/)
    const findings = JSON.parse((await repo.run(['doctor', '--json'], { env })).out)
    expect(findings).toContainEqual({ what: 'rustfs', found: 'not on PATH', note: expect.any(String) })
  })

  test('says which Python environments there are, what they take, and which of them are not whole', async () => {
    const repo = repository()
    expect((await repo.run(['doctor'])).out).not.toContain('.assay/python')
    repo.file('.assay/python/train/lib', 'x'.repeat(4000))
    repo.file('.assay/python/train/made.json', JSON.stringify({ what: 'Python 3.11.7, torch 2.15.0+cpu', lock: 'x' }))
    repo.file('.assay/python/mlflow/bin', 'x'.repeat(3000))
    repo.file('.assay/python/train.lock', '')
    const { out } = await repo.run(['doctor'])
    expect(out).toMatch(/\.assay\/python\/mlflow +3\.0 kB +not whole: made again when it is needed, or yours to remove/)
    expect(out).toMatch(/\.assay\/python\/train +4\.1 kB +Python 3\.11\.7, torch 2\.15\.0\+cpu/)
    expect(out).not.toContain('train.lock')
  })

  const mlflowOf = async (env: Readonly<Record<string, string>>) => {
    const { exit, out } = await repository().run(['doctor', '--json'], { env })
    expect(exit).toBe(0)
    const findings: readonly { what: string; found: string; note: string }[] = JSON.parse(out)
    return findings.filter(({ what }) => what === 'MLFLOW_TRACKING_URI')
  }
  const what = 'MLFLOW_TRACKING_URI'

  test('asks MLFLOW_TRACKING_URI for what only MLflow answers', async () => {
    const url = serving(({ url }) =>
      url.endsWith('/version') ? version() : Response.json({ experiments: [{ experiment_id: '0' }] }),
    )
    const found = { what, found: url, note: 'reachable: MLflow 3.17.2; runs are shown there' }
    expect(await mlflowOf({ [what]: url })).toEqual([found])
    expect(await mlflowOf({ [what]: url.replace('//', '//me:pa55word@') })).toEqual([found])
  })

  test.each([
    ['a web page', () => answering('<!doctype html><title>Hello', 200), 'it does not answer in JSON'],
    ['404', () => answering('no', 404), 'it answers with 404 and not as MLflow'],
    ['another program', () => answering('{"hello":"you"}', 200), "its answer is none of MLflow's"],
    ['nobody', closedPort, 'connection refused'],
    ['nothing at all', () => speaking(() => {}), 'no answer in time'],
  ] as const)('takes %s for no MLflow', async (_, url, why) => {
    const [line, ...others] = await mlflowOf({ [what]: url() })
    expect(others).toEqual([])
    expect(line?.note).toStartWith(why)
    expect(line?.note).toEndWith('; until that changes, runs are owed and not shown')
  })

  test.each(['nonsense', 'ftp://box', '"http://me:pa55word@127.0.0.1:5000"'])(
    'takes %s for no address',
    async (uri) => {
      const [line] = await mlflowOf({ [what]: uri })
      expect([line?.found, line?.note.includes('pa55word')]).toEqual(['no address', false])
      expect(line?.note).toContain('must be a URL')
    },
  )

  test('looks at what the tasks of a repository have it look at', async () => {
    const repo = repository()
    const look = `async (env) => [{ what: 'own thing', found: env.OWN ?? 'none', note: 'as it says' }]`
    repo.file('tasks/own/own.doctor.ts', `export default { look: ${look} }`)
    expect((await repo.run(['doctor'], { env: { OWN: 'seven' } })).out).toMatch(/own thing +seven +as it says\n/)
    repo.file('tasks/own/own.doctor.ts', 'export default 7')
    const { exit, err } = await repo.run(['doctor'])
    expect([exit, err]).toEqual([2, expect.stringContaining("'the default export' must be a checkup")])
  })

  const python = Bun.which('python3')
  const ownPython = async (ASSAY_PYTHON: string) => {
    const { out } = await repository().run(['doctor'], { env: { ASSAY_PYTHON } })
    return /^ *ASSAY_PYTHON +(.*)$/m.exec(out)?.[1]?.replaceAll(/ +/g, ' ')
  }

  test('says whether ASSAY_PYTHON is an interpreter', async () => {
    expect(await ownPython('/nowhere/python')).toMatch(/^\/nowhere\/python no Python: /)
    expect(await ownPython('/bin/true')).toBe('/bin/true no Python: it does not answer as a Python does')
    expect((await repository().run(['doctor'])).out).not.toContain('ASSAY_PYTHON')
  })

  test.skipIf(python === null)('says what ASSAY_PYTHON has of what training and MLflow take', async () => {
    const repo = repository()
    for (const module of ['torch', 'numpy', 'PIL', 'sklearn', 'boto3', 'safetensors'])
      repo.file(`site/${module}.py`, '')
    const path = repo.file('python', `#!/bin/sh\nPYTHONPATH='${repo.dir}/site' exec '${python}' -S "$@"\n`)
    chmodSync(path, 0o755)
    expect(await ownPython(path)).toMatch(
      /^\S+ Python 3\.\d+\.\d+; it has what 'train' takes; for 'mlflow' it lacks mlflow, flask, sqlalchemy, psutil$/,
    )
  })

  const answers = {
    200: 'reachable: answers 200',
    403: 'reachable: answers 403, as it wants keys',
    503: 'in trouble: answers 503',
  }
  test.each(Object.entries(answers))('asks the store of S3_ENDPOINT: one that says %s', async (status, said) => {
    const asked: (string | null)[] = []
    using server = Bun.serve({
      port: 0,
      fetch(request) {
        asked.push(request.headers.get('authorization'))
        return new Response('<Error/>', { status: Number(status) })
      },
    })
    const env = {
      S3_ENDPOINT: `http://user:pa55word@127.0.0.1:${server.port}`,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI',
    }
    const { exit, out, err } = await repository().run(['doctor'], { env })
    expect([exit, asked]).toEqual([0, [null]])
    expect(out.replaceAll(/ +/g, ' ')).toContain(
      `http://***@127.0.0.1:${server.port} ${said}; plans use this object store`,
    )
    for (const secret of ['pa55word', 'AKIDEXAMPLE', 'wJalrXUtnFEMI']) expect(out + err).not.toContain(secret)
  })

  test.each([
    ['nothing', 'refuses connections: nothing listens there'],
    ['a server that hangs up', 'cannot be reached: ECONNRESET'],
    ['a server that says nothing', 'gave no answer in 3 s'],
  ])('asks the store of S3_ENDPOINT: %s', async (what, said) => {
    using server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { data: (socket) => void (what === 'a server that hangs up' && socket.end()) },
    })
    if (what === 'nothing') server.stop(true)
    expect(await answerOf(`http://user:pa55word@127.0.0.1:${server.port}`)).toBe(said)
  })

  test.each(['localhost:9000', 'ftp://127.0.0.1', 's3://bucket', '127.0.0.1'])('does not ask %s', async (endpoint) =>
    expect(await answerOf(endpoint)).toBe('is no http:// or https:// URL'),
  )
})
