import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { leaks, secretValue, spellings } from '../record/spelt.ts'
import { planText, type Repository, removeRepositories, repository } from './helpers.ts'

setDefaultTimeout(120_000)
afterAll(removeRepositories)

/** Prints its pieces one by one, so that each is read by itself, then ends badly. */
const child = `
const { writeSync } = require('node:fs')
for (const [fd, text] of JSON.parse(require('node:fs').readFileSync('pieces.json', 'utf8'))) {
  writeSync(fd, Buffer.from(text, 'base64'))
  Bun.sleepSync(2)
}
process.exit(3)
`

/** Lets a secret out in every way in which a plan can. */
const leaky = planText(
  'leaky',
  `
  const token = process.env.MY_TOKEN
  const { password } = params
  const later = process.env.LATER
  const vault = plan.use({
    name: 'vault',
    start: async ({ secret, log, announce }) => {
      secret(later)
      log('made ' + later)
      announce('made ' + later)
      return { client: later, detail: 'at ' + later, ready: async () => {}, stop: async () => { throw new Error(later) } }
    },
  })
  const all = [token, password, later].join(' | ')
  plan.step({ name: 'a child prints', needs: { vault }, output: v.null(), run: async (_, { $ }) => { await $\`\${process.execPath} say.ts\`; return null } })
  plan.step({ name: 'an output', needs: { vault }, output: v.any(), run: () => ({ name: token, unit: [password], [later]: 1, [token]: { step: later } }) })
  plan.step({ name: 'an error', needs: { vault }, output: v.null(), run: () => { throw new Error('no good: ' + all) } })
  plan.step({ name: 'a failure', needs: { vault }, output: v.null(), retry: { times: 1 }, run: () => { throw new Failure(all) } })
  plan.step({ name: 'a cut', needs: { vault }, output: v.null(), run: () => { throw cannot('a', 'b', 'c', 'x'.repeat(188) + password + later) } })
  plan.step({ name: 'a command', needs: { vault }, output: v.null(), run: async (_, { $ }) => { await $\`echo \${token} \${password} \${later}\`; return null } })
  plan.step({ name: 'a log', needs: { vault }, output: v.null(), run: (_, { log, progress }) => { log(all); progress(all); return null } })
  plan.step({ name: 'a reason', needs: { vault }, output: v.null(), skipUnless: () => all, run: () => null })
  plan.step({ name: 'an artifact', needs: { vault }, output: v.null(), run: async (_, { folder, mask }) => {
    await Bun.write(folder + '/' + Buffer.from(token).toString('base64url') + '/' + Buffer.from(later).toString('base64url'), mask(all))
    return null
  } })
  plan.check({ name: 'a check', needs: { vault }, run: () => [equal(token, { [password]: token }, later), holds('held', false, all), undecided('?', all)] })`,
  "params: { password: text(undefined, 'a password', { secret: true }), note: text('', 'a note') }",
).replace('import { definePlan,', 'import { cannot, definePlan,')

/** What becomes of its steps, so that each did let out what it holds. */
const outcomes = {
  'a child prints': 'failed',
  'an output': 'passed',
  'an error': 'errored',
  'a failure': 'failed',
  'a cut': 'errored',
  'a command': 'passed',
  'a log': 'passed',
  'a reason': 'skipped',
  'an artifact': 'passed',
  'a check': 'failed',
}

function outcomesIn(lines: string): Readonly<Record<string, string>> {
  const events = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return Object.fromEntries(
    events.flatMap(({ event, step, outcome }) => (event === 'step-ended' ? [[step, outcome]] : [])),
  )
}

interface Said {
  readonly where: string
  readonly text: string
}

function filesOf(folder: string): readonly Said[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const path = join(folder, name)
    const text = statSync(path).isDirectory() ? '' : readFileSync(path, 'utf8')
    // A name is looked at part by part.
    return [{ where: name, text: name.split('/').at(-1) ?? '' }, ...(text === '' ? [] : [{ where: name, text }])]
  })
}

/** All that a run and the views of it leave and print. */
async function allSaid(project: Repository, words: readonly string[], env: Readonly<Record<string, string>>) {
  const said: Said[] = []
  const run = async (...words: readonly string[]) => {
    const ran = await project.run(words, { env })
    const flag = words.includes('--json') ? ', --json' : ''
    said.push({ where: `${words[0]} stdout${flag}`, text: ran.out }, { where: `${words[0]} stderr`, text: ran.err })
    return ran
  }
  const ran = await run('plan', 'leaky', '--verbose', '--explain', ...words)
  await run('plan', 'leaky', '--json', '--csv', 'all.csv', '--junit', 'all.xml', ...words)
  await run('plan', 'leaky', '--resume', '--csv', '-', ...words)
  await run('plan', 'leaky', '--dry-run', ...words)
  await run('report', '--explain')
  await run('report', '--json')
  await run('report', '--junit', '-')
  said.push(...['all.csv', 'all.xml'].map((name) => ({ where: name, text: project.read(name) })))
  said.push(...filesOf(join(project.dir, 'runs')))
  return { ran, said }
}

describe('no secret leaves a run', () => {
  test('by any way that a plan and its programs have, in any spelling, split anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        // One of two lines, as keys are, each too short to be found by itself.
        fc.tuple(
          fc.tuple(secretValue, secretValue).map((lines) => lines.map((line) => line.slice(0, 10)).join('\n')),
          secretValue,
          secretValue,
        ),
        fc.stringMatching(/^[A-Za-z0-9!$&*()_+,;=-]{8,30}$/),
        fc.array(fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 30 })), { minLength: 20, maxLength: 60 }),
        async ([token, password, later], inUrl, cuts) => {
          const project = repository({ leaky })
          project.file('say.ts', child)
          const secrets = [token, password, later, inUrl]
          // On both streams, which are split apart from one another.
          const pieces: [number, string][] = []
          for (const fd of [1, 2]) {
            const lines = Object.entries(spellings).flatMap(([name, spell]) =>
              secrets.map((secret) => `${name}: <${spell(secret)}>\n`),
            )
            const text = Buffer.from(`${lines.join('')}https://me:${inUrl}@host/ ${later.slice(0, 8)}`)
            for (let at = 0, n = 0; at < text.length; n++) {
              const size = (cuts[n % cuts.length]?.[1] ?? 1) * (n > 2 * cuts.length ? 40 : 1)
              pieces.push([fd, text.subarray(at, at + size).toString('base64')])
              at += size
            }
          }
          // One piece of one stream, then one of the other.
          const turn = pieces.map((piece, at) => ({ piece, turn: at - (piece[0] === 2 ? pieces.length / 2 : 0) }))
          project.file('pieces.json', JSON.stringify(turn.sort((a, b) => a.turn - b.turn).map(({ piece }) => piece)))
          const env = { MY_TOKEN: token, LATER: later, DATABASE_URL: `postgres://me:${inUrl}@host/db` }
          const { ran, said } = await allSaid(
            project,
            ['--set', `password=${password}`, '--set', `note=http://u:${inUrl}@h`],
            env,
          )
          expect(ran.exit).toBe(1)
          expect(outcomesIn(said.find(({ where }) => where === 'plan stdout, --json')?.text ?? '')).toEqual(outcomes)
          expect(said.find(({ text }) => text.includes('as it is: <***>'))).toBeDefined()
          const leaked = said.flatMap(({ where, text }) =>
            secrets.flatMap((secret, index) =>
              leaks(`${text}\n${text.replace(/^.*?│ /gm, '')}`, secret)
                ? `${where}: ${['token', 'password', 'later', 'in a URL'][index]}`
                : [],
            ),
          )
          expect(leaked).toEqual([])
        },
      ),
      { numRuns: 2, endOnFailure: true },
    )
  })
})

describe('a secret that would be told before there is a run', () => {
  const token = 'hunter2-and-"more"'
  const env = { MY_TOKEN: token }
  const param = (schema: string) => `params: { pin: { schema: ${schema}, help: 'a pin', secret: true } }`
  const project = repository({
    named: planText('named', "plan.step({ name: 'use ' + process.env.MY_TOKEN, output: v.any(), run: () => 1 })"),
    broken: "throw new Error('cannot reach ' + process.env.MY_TOKEN)",
    thrown: planText('thrown', "throw new Error('cannot reach ' + process.env.MY_TOKEN)"),
    picky: planText('picky', '', param("v.pipe(v.string(), v.picklist(['a']))")),
    parsing: planText('parsing', '', param('v.pipe(v.string(), v.transform((text) => JSON.parse(text)))')),
    quoted: planText('quoted', "throw new Error('no ' + params.pin)", param('v.string()')),
  })
  project.file(
    'tasks/own/leak.task.ts',
    `import { defineTask, Failure, text } from 'assay'
    export default defineTask({
      name: 'leak', title: 'Leaks', options: { pin: text('', 'a pin', { secret: true }), fail: text('', 'how') },
      async run({ pin, fail }, { log, emit }) {
        log('token ' + process.env.MY_TOKEN + ' pin ' + pin)
        if (fail === 'wrong') throw new Failure('not with ' + pin)
        if (fail === 'stray') setTimeout(() => { throw new Error('not with ' + pin) })
        if (fail === 'stray') await new Promise((resolve) => setTimeout(resolve, 10_000))
        if (fail === 'broken') throw new Error('not with ' + pin + process.env.MY_TOKEN)
        return { [pin]: [process.env.MY_TOKEN, pin] }
      },
    })`,
  )

  test.each([
    [['plan', 'named'], 2, "'name' must be without a secret: current value is use ***"],
    [['plan', 'broken'], 2, 'cannot reach ***'],
    [['plan', 'thrown'], 2, 'cannot reach ***'],
    [['plan', 'thrown', '--dry-run'], 2, 'cannot reach ***'],
    [['plan', 'picky', '--set', 'pin=1234567'], 2, "'pin' must be Invalid type"],
    [['plan', 'parsing', '--set', 'pin=1234567 x'], 2, "'pin' must be valid: current value is (secret)"],
    [['plan', 'quoted', '--set', 'pin=1234567'], 2, 'no ***'],
    [['plan', 'quoted', '--set', 'pin=1234567', '--dry-run'], 2, 'no ***'],
    [['task', 'leak', '--pin', '1234567'], 0, 'token *** pin ***'],
    [['task', 'leak', '--pin', '1234567', '--fail', 'wrong'], 1, 'not with ***'],
    [['task', 'leak', '--pin', '1234567', '--fail', 'broken'], 2, 'not with ***'],
    [['task', 'leak', '--pin', '1234567', '--fail', 'stray'], 2, 'not with ***'],
    [['plan'], 0, 'cannot reach ***'],
    [['plan', '--json'], 0, 'cannot reach ***'],
  ] as const)('%j', async (words, exit, shown) => {
    const ran = await project.run(words, { env })
    expect([ran.exit, ran.out + ran.err]).toEqual([exit, expect.stringContaining(shown)])
    for (const secret of [token, '1234567']) expect(leaks(ran.out + ran.err, secret)).toBe(false)
  })

  test('is in the one line that is asked for: where a store listens, and with which keys', async () => {
    const child = project.start(['task', 'object-store', '--dir', 'store', '--secret-key', 'asked-for-key'])
    const out = child.stdout instanceof ReadableStream ? child.stdout.getReader() : undefined
    const line = new TextDecoder().decode((await out?.read())?.value)
    child.kill('SIGTERM')
    await child.exited
    expect(JSON.parse(line)).toMatchObject({ secretAccessKey: 'asked-for-key' })
  })
})
