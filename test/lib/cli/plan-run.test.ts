import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { failing, newestRun, passing, planText, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

const skipping = `plan.step({ name: 'never', output: v.number(), skipUnless: () => 'no GPU here', run: () => 1 })`
const doubtful = `plan.check({ name: 'unsure', run: () => [undecided('order', 'too few samples')] })`

describe('the exit code of a plan', () => {
  const repo = repository({
    passes: planText('passes', passing),
    fails: planText('fails', failing),
    errs: planText('errs', `plan.step({ name: 'broken', output: v.number(), run: () => { throw new Error('boom') } })`),
    skips: planText('skips', skipping),
    doubts: planText('doubts', doubtful),
  })
  test.each([
    [['passes'], 0],
    [['fails'], 1],
    [['errs'], 2],
    [['skips'], 2],
    [['skips', '--allow-skip'], 0],
    [['doubts'], 0],
    [['doubts', '--strict'], 1],
    [['passes', 'fails'], 1],
    [['fails', 'errs', 'passes'], 2],
    [['fails', '--only', 'first'], 0],
    [['fails', '--only', 'third'], 1],
    [['fails', '--until', 'first'], 0],
  ])('of %p is %p', async (words, exit) => {
    const ran = await repo.run(['plan', ...words])
    expect({ ...ran, exit: ran.exit }).toMatchObject({ exit })
  })
})

describe('plan NAME', () => {
  test('shows each step, ends with the command that runs it again, and leaves its files', async () => {
    const repo = repository({ passes: planText('passes', passing) })
    const { exit, out, err } = await repo.run(['plan', 'passes'])
    expect([exit, err]).toEqual([0, ''])
    for (const words of [
      'The plan passes',
      'ask',
      'answered',
      'passed · 1 step, 1 check',
      'again: bunx assay plan passes',
    ])
      expect(out).toContain(words)
    const files = readdirSync(join(repo.dir, await newestRun(repo, 'passes')))
    expect(files.sort()).toEqual(expect.arrayContaining(['journal.jsonl', 'junit.xml', 'results.csv']))
  })

  test('runs the plans that a pattern names, one after the other, past one that fails and one that cannot be loaded', async () => {
    const repo = repository({
      'a-1': planText('a-1', passing),
      'a-2': planText('a-2', failing),
      'a-3': 'export default 3',
      'a-10': planText('a-10', passing),
      'b-1': planText('b-1', passing),
    })
    const { exit, out, err } = await repo.run(['plan', 'a-*'])
    expect(exit).toBe(2)
    const titles = [...out.matchAll(/The plan (\S+)/g)].map(([, name]) => name)
    expect(titles).toEqual(['a-1', 'a-2', 'a-10'])
    expect(err).toContain('Cannot load plan a-3')
  })

  test('takes parameters from --set, then from the variable, then from an env file, then the default', async () => {
    const body = `plan.check({ name: 'is', run: () => [equal('size', params.size, 'want')] })`
    const repo = repository({ sized: planText('sized', body, `params: { size: text('plain', 'which size') }`) })
    const file = repo.file('vars.env', 'ASSAY_SIZE=want\n')
    const found = async (words: string[], env = {}) => (await repo.run(['plan', 'sized', ...words], { env })).out
    expect(await found([])).toContain('found "plain"')
    expect(await found(['--env-file', file])).toContain('passed')
    expect(await found(['--env-file', file], { ASSAY_SIZE: 'set' })).toContain('found "set"')
    expect(await found(['--env-file', file, '--set', 'size=a=b'], { ASSAY_SIZE: 'set' })).toContain('found "a=b"')
  })

  test('says how to run it again with what it was given, but not with a secret', async () => {
    const params = `params: { size: text('s', 'size'), token: text('', 'token', { secret: true }) }`
    const repo = repository({ again: planText('again', passing, params) })
    const { out } = await repo.run([
      'plan',
      'again',
      '--set',
      "size=it's 2",
      '--set',
      'token=abc',
      '--only',
      'ask',
      '--json',
    ])
    expect(out).not.toContain('abc')
    expect(out).toContain(`bunx assay plan again --set 'size=it'\\\\''s 2' --set token=… --only ask`)
  })

  test('tells the stages to make buckets only when asked', async () => {
    const body = `plan.check({ name: 'asked', run: (_, { env }) => [equal('asked', env.ASSAY_CREATE_BUCKETS ?? 'no', 'yes')] })`
    const repo = repository({ makes: planText('makes', body) })
    expect((await repo.run(['plan', 'makes'])).exit).toBe(1)
    expect((await repo.run(['plan', 'makes', '--create-buckets'])).exit).toBe(0)
  })

  test('keeps what an env file holds of secrets out of every record', async () => {
    const body = `plan.step({ name: 'leak', output: v.string(), run: async (_, { env, $, log }) => {
      log(env.API_TOKEN ?? '')
      await $\`echo $DATABASE\`
      throw new Error(\`it said \${env.API_TOKEN} and \${env.DATABASE}\`)
    } })`
    const repo = repository({ leaks: planText('leaks', body) })
    const file = repo.file('.secrets', 'API_TOKEN=tok-1234567\nDATABASE=postgres://me:sesame99@db/x\n')
    const words = ['plan', 'leaks', '--env-file', file, '--verbose', '--csv', 'all.csv', '--junit', 'all.xml']
    const { exit, out, err } = await repo.run(words)
    expect(exit).toBe(2)
    expect(out).toContain('it said *** and postgres://me:***@db/x')
    const files = readdirSync(repo.dir, { recursive: true, withFileTypes: true })
    const texts = files.flatMap((entry) =>
      entry.isFile() && entry.name !== '.secrets' && !entry.parentPath.includes('node_modules')
        ? [readFileSync(join(entry.parentPath, entry.name), 'utf8')]
        : [],
    )
    expect(texts.length).toBeGreaterThan(5)
    for (const text of [out, err, ...texts]) expect(text).not.toMatch(/tok-1234567|sesame99/)
  })

  test.each([0, 1])('that ends its own process with %p ends with 2, and its views are there', async (code) => {
    const body = `plan.step({ name: 'quit', output: v.number(), run: () => process.exit(${code}) })`
    const repo = repository({ quits: planText('quits', body) })
    const { exit, err } = await repo.run(['plan', 'quits', '--csv', 'all.csv'])
    expect([exit, err]).toEqual([2, expect.stringContaining(`called process.exit(${code})`)])
    expect(repo.read('all.csv')).toContain(',quits,')
    expect((await repo.run(['plan'])).out).toMatch(/quits +interrupted/)
  })

  test('is aborted, and says why, when something outside of every step throws', async () => {
    const body = `plan.step({ name: 'careless', output: v.number(), run: async (_, { signal }) => {
      Promise.reject(new Error('nobody waits for this'))
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 1
    } })`
    const { exit, out } = await repository({ stray: planText('stray', body) }).run(['plan', 'stray'])
    expect(exit).toBe(2)
    expect(out).toContain('something outside of every step threw: nobody waits for this')
  })
})

describe('views of a run', () => {
  test('--csv adds rows to a file and --junit holds all the runs of one command', async () => {
    const repo = repository({ one: planText('one', passing), two: planText('two', failing) })
    const words = ['plan', 'one', 'two', '--csv', 'all.csv', '--junit', 'all.xml']
    expect((await repo.run(words)).exit).toBe(1)
    expect((await repo.run(words)).exit).toBe(1)
    const rows = repo.read('all.csv').trimEnd().split('\r\n')
    expect(rows.filter((row) => row.startsWith('schema,'))).toHaveLength(1)
    expect(new Set(rows.slice(1).map((row) => row.split(',')[1]))).toEqual(new Set(['one', 'two']))
    expect(repo.read('all.xml').match(/<testsuite /g)).toHaveLength(2)
  })

  test('a place for --junit that goes away during the run ends it with 2, and the run is whole', async () => {
    const body = `plan.step({ name: 'spoil', output: v.number(), run: () => Bun.write('all.xml/in-the-way', 'x') })`
    const repo = repository({ spoils: planText('spoils', body) })
    const { exit, out, err } = await repo.run(['plan', 'spoils', '--junit', 'all.xml'])
    expect([exit, out.match(/passed ·/g)?.length]).toEqual([2, 1])
    expect(err).toMatch(/^Cannot write results as 'all.xml' must be .* The journal has them all: see report\.\n$/)
    expect((await repo.run(['report', '--junit', 'plans'])).err).toMatch(/^Cannot write results as 'plans' must be/)
  })

  test('--resume of a run that passed says so and runs nothing', async () => {
    const repo = repository({ passes: planText('passes', passing) })
    await repo.run(['plan', 'passes', '--csv', 'all.csv'])
    const before = repo.read('all.csv')
    const { exit, out } = await repo.run(['plan', 'passes', '--resume', '--csv', 'all.csv'])
    expect([exit, repo.read('all.csv')]).toEqual([0, before])
    expect(out).toStartWith('Nothing to do: runs/passes/')
  })
})

describe('--help', () => {
  test('of a plan tells each parameter with its text, default and variable, and every flag', async () => {
    const params = `params: {
      imageSize: text('1080p', 'how large'),
      model: text(undefined, 'which model', { env: 'MODEL_NAME' }),
      key: text('abcdef', 'the key', { secret: true }),
    }, tags: ['slow'], programs: ['gcc'], env: ['HF_TOKEN']`
    const repo = repository({ helpful: planText('helpful', passing, params) })
    const { exit, out } = await repo.run(['plan', 'helpful', '--help'])
    expect(exit).toBe(0)
    expect(out).toMatch(/--set imageSize=… +ASSAY_IMAGE_SIZE +how large \(default 1080p\)\n/)
    expect(out).toMatch(/--set model=… +MODEL_NAME +which model \(required\)\n/)
    expect(out).not.toContain('abcdef')
    for (const words of ['tags: slow', 'program   gcc', 'variable  HF_TOKEN', '--create-buckets', '--skip-tag TAG'])
      expect(out).toContain(words)
  })

  test.each(['plan', 'report', 'task', 'doctor', 'gc'])(
    'of %s is printed on stdout and ends with 0',
    async (command) => {
      const repo = repository()
      const { exit, out, err } = await repo.run([command, '--help'])
      expect([exit, err, out.length > 100]).toEqual([0, '', true])
      expect((await repo.run([command, '-h'])).out).toBe(out)
      expect((await repo.run([])).out).toContain(`\n  ${command} `)
    },
  )
})
