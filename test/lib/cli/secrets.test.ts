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
        // One of two lines, as keys are.
        fc.tuple(
          fc.tuple(secretValue, secretValue).map((lines) => lines.join('\n')),
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
