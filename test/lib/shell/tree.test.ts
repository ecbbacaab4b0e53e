import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupRoot, type Inside, noOutsider, type Outsider, outsider, type Started } from '../../outsider.ts'
import { newestRun, passing, planText, type Repository, removeRepositories, repository } from '../cli/helpers.ts'

setDefaultTimeout(60_000)
if (noOutsider !== undefined) console.log(`Orphans are not counted: ${noOutsider}`)

/** One entry takes some ten seconds; the others take the same way but for what stands in for the runner. */
const long = process.env.ASSAY_LONG === 'yes'

/** The promise is two seconds; a machine that others keep busy is given more. */
const promised = 5000

// Each way in which a child can get away, `up-N` once it has.
const daemons = `
sh -c 'echo > up-1; exec sleep 611' &
setsid sh -c 'echo > up-2; exec sleep 612' &
( ( sh -c 'echo > up-3; exec sleep 613' & ) & )
( ( setsid env -i /bin/sh -c 'exec 0<&- 1>&- 2>&- 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; echo > up-4; exec sleep 614' & ) & )
until [ -e up-1 ] && [ -e up-2 ] && [ -e up-3 ] && [ -e up-4 ]; do sleep 0.01; done
echo $$ > shell
sleep 615
`

const hard = planText(
  'hard',
  `plan.step({ name: 'busy', output: v.number(), run: async (_, { $ }) => {
    if (await Bun.file('again').exists()) return 1
    await Bun.write('runner', String(process.pid))
    await $\`sh daemons.sh\`
    return 2
  } })`,
)

const third = planText(
  'third',
  `plan.step({ name: 'beside', output: v.number(), run: async (_, { $ }) => {
    await $\`sleep 618 & until [ -e go ]; do sleep 0.01; done; kill $!\`
    return 1
  } })`,
)

const program = `import { fileStore, runPlan } from 'assay/embed'
import plan from './plans/hard.ts'
const result = await runPlan(plan, { store: fileStore('runs') })
process.exit(result.kind === 'ended' ? result.exit : 3)
`

const { execPath } = process
const entries = {
  'bun run plan': [execPath, 'run', 'plan', 'hard'],
  'bunx assay': [execPath, 'x', 'assay', 'plan', 'hard'],
  'a program with runPlan()': [execPath, 'program.ts'],
  ...(Bun.which('npx') === null ? {} : { 'npx assay': ['npx', '--no', 'assay', 'plan', 'hard'] }),
}

/** A run whose four daemons are up. */
interface Busy {
  readonly repo: Repository
  readonly outside: Outsider
  readonly child: Started
  readonly wrapper: number
  readonly runner: number
  readonly sentinels: readonly number[]
  /** The shell that the step waits for. */
  readonly shell: number
}

const open: Outsider[] = []
afterEach(async () => {
  for (const outside of open.splice(0)) await outside.close()
})
afterAll(removeRepositories)

async function busy(command: readonly string[], outside = outsider()): Promise<Busy> {
  open.push(outside)
  const repo = repository({ hard })
  repo.file('daemons.sh', daemons)
  repo.file('program.ts', program)
  repo.file('package.json', '{ "scripts": { "plan": "assay plan" } }')
  mkdirSync(join(repo.dir, 'node_modules/.bin'))
  symlinkSync('../assay/lib/cli/main.ts', join(repo.dir, 'node_modules/.bin/assay'))
  const child = start(repo, outside, command)
  while (outside.alive().filter(({ command }) => /^sleep 61[1-5]$/.test(command)).length < 5) {
    if (child.exitCode !== null) throw new Error(`It ended: ${await child.stderr.text()}`)
    await Bun.sleep(10)
  }
  const runner = Number(repo.read('runner'))
  const named = () => outside.alive().filter(({ name }) => name === 'assay-sentinel')
  while (named().length < 2) await Bun.sleep(5)
  const sentinels = named()
  expect(sentinels.map(({ command }) => command.split(' ').at(-1))).toEqual([`${runner}`, `${runner}`])
  const shell = Number(repo.read('shell'))
  return { repo, outside, child, wrapper: child.pid, runner, sentinels: sentinels.map(({ pid }) => pid), shell }
}

function start(repo: Repository, outside: Outsider, command: readonly string[]): Started {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|FORCE_COLOR$)/.test(name))
  return outside.start(command, { cwd: repo.dir, env: { ...Object.fromEntries(own), NO_COLOR: '1' } })
}

/** All of them at the same time: none has a moment to notice that another is gone. */
function kill(...pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

const sleeping = (inside: readonly Inside[]) =>
  inside
    .map(({ command }) => command)
    .filter((command) => /^sleep 61[1-4]$/.test(command))
    .sort()
const daemonsUp = ['sleep 611', 'sleep 612', 'sleep 613', 'sleep 614']

test.skipIf(noOutsider !== undefined)('an outsider counts alike by a cgroup and by a mark of its own', async () => {
  const counted: string[][] = []
  for (const how of cgroupRoot() === undefined ? (['mark'] as const) : (['cgroup', 'mark'] as const)) {
    const outside = outsider(how)
    const { repo } = await busy(entries['bun run plan'], outside)
    counted.push(
      outside
        .alive()
        .map(({ command }) => command.replaceAll(repo.dir, '').replace(/\d+$/, ''))
        .sort(),
    )
  }
  expect(counted[0]?.length).toBeGreaterThan(8)
  for (const others of counted) expect(others).toEqual(counted[0] ?? [])
})

test.skipIf(noOutsider !== undefined)(
  'the death of a sentinel ends the run in order, within a second, and is told',
  async () => {
    const { repo, child, sentinels } = await busy(entries['bun run plan'])
    const from = performance.now()
    kill(...sentinels.slice(0, 1))
    expect(await child.exited).toBe(143)
    expect(performance.now() - from).toBeLessThan(promised)
    expect(await child.stdout.text()).toContain('somebody killed a process that guards this run (assay-sentinel)')
    const journal = repo.read(`${await newestRun(repo, 'hard')}/journal.jsonl`)
    expect(journal.trimEnd().split('\n').at(-1)).toMatch(/"run-ended".*"aborted".*"exit":143/)
  },
)

describe.skipIf(noOutsider !== undefined)('SIGKILL', () => {
  for (const [entry, command] of Object.entries(entries).slice(0, long ? undefined : 1)) {
    const victims: Record<string, (busy: Busy) => readonly number[]> = {
      'the wrapper': ({ wrapper }) => [wrapper],
      'the runner': ({ runner }) => [runner],
      'a sentinel': ({ sentinels }) => sentinels.slice(0, 1),
      "a step's own child": ({ shell }) => [shell],
      'wrapper, runner and a sentinel at once': ({ wrapper, runner, sentinels }) => [
        ...new Set([wrapper, runner, ...sentinels.slice(1)]),
      ],
    }
    test.each(Object.entries(victims))(`of %s leaves nothing under ${entry}`, async (_, victim) => {
      const run = await busy(command)
      expect(sleeping(run.outside.alive())).toEqual(daemonsUp)
      kill(...victim(run))
      expect(await run.outside.emptied(promised)).toEqual([])
    })

    test(`of all that could notice leaves orphans, which a start of another plan ends, and nothing of a third, under ${entry}`, async () => {
      const { repo, outside, wrapper, runner, sentinels, shell } = await busy(command)
      repo.file('plans/third.ts', third)
      repo.file('plans/other.ts', planText('other', passing))
      const beside = start(repo, outside, [execPath, 'run', 'plan', 'third'])
      while (!outside.alive().some(({ command }) => command === 'sleep 618')) await Bun.sleep(10)
      kill(...new Set([wrapper, runner, ...sentinels]), shell)
      const next = start(repo, outside, [execPath, 'run', 'plan', 'other'])
      expect(await next.stdout.text()).toMatch(/ended \d processes that run hard\/\S+ left when it was killed/)
      expect(await next.exited).toBe(0)
      expect(sleeping(outside.alive())).toEqual([])
      expect(outside.alive().some(({ command }) => command === 'sleep 618')).toBe(true)
      repo.file('go', '')
      expect(await beside.exited).toBe(0)
      expect(await outside.emptied(promised)).toEqual([])
    })

    test(`of all that could notice leaves orphans, which the next start ends, under ${entry}`, async () => {
      const { repo, outside, wrapper, runner, sentinels, shell } = await busy(command)
      kill(...new Set([wrapper, runner, ...sentinels]), shell)
      // The planted leak: were there a fault in how we count, this would be nobody.
      await Bun.sleep(200)
      expect(sleeping(outside.alive())).toEqual(daemonsUp)
      repo.file('again', '')
      const next = start(repo, outside, command)
      const said = await next.stdout.text()
      expect(await next.exited).toBe(0)
      expect(await outside.emptied(promised)).toEqual([])
      const journal = repo.read(`${await newestRun(repo, 'hard')}/journal.jsonl`)
      expect(journal).toMatch(/"announced".*ended \d processes that run \S+ left when it was killed/)
      if (!entry.includes('program')) expect(said).toContain('left when it was killed')
    })
  }
})
