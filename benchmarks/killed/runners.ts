import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { checkout } from '../checkout.ts'
import { make, type Peer, pytest, vitest } from '../peers.ts'
import { commands } from './alive.ts'
import { type Task, tasks } from './job.ts'
import { parentOf } from './parent.ts'
import { passedIn } from './passed.ts'

/** Who is killed: a title for the table, and how to find it from the started process, the shell of `two` and the job's folder. */
export interface Victim {
  readonly title: string
  find(started: number, shell: number, folder: string): number | undefined
}

/** One way to run the job. */
export interface Runner {
  readonly name: string
  readonly version: string
  readonly victims: readonly Victim[]
  prepare(folder: string): void
  readonly argv: readonly string[]
  /** How a person would write it, and what the way it is set up says besides. */
  readonly command: string
  /** The command that goes on after the kill. */
  readonly again: readonly string[]
  /** Where a machine reads results. */
  readonly artefact: string
  /** The tasks that stand there as passed. */
  passed(folder: string): readonly Task[]
}

export interface Missing {
  readonly name: string
  readonly unavailable: string
}

const itself: Victim = { title: 'the runner', find: (started) => started }
const shell: Victim = { title: "the task's shell", find: (_, shell) => shell }

/** All of the table, each set up as its own manual recommends for CI. */
export function runners(): readonly (Runner | Missing)[] {
  return [
    ...makeRunners(),
    ofPeer('vitest', vitest(), vitestRunner),
    ofPeer('pytest', pytest(), pytestRunner),
    assayRunner(),
  ]
}

/** `make` as its manual has it, and with recipes that also write to another name until they are through. */
export function makeRunners(): readonly (Runner | Missing)[] {
  const recipes = [
    { name: 'make', recipe: 'sh work.sh $* > $@', besides: '' },
    {
      name: 'make, renaming',
      recipe: 'sh work.sh $* > $@.new && mv $@.new $@',
      besides: ', targets renamed when whole',
    },
  ]
  const peer = make()
  return recipes.map(({ name, recipe, besides }) =>
    ofPeer(name, peer, (version, argv) => makeRunner(name, version, argv, recipe, besides)),
  )
}

function ofPeer(
  name: string,
  peer: Peer,
  runner: (version: string, argv: readonly string[], home: string) => Runner,
): Runner | Missing {
  return 'unavailable' in peer ? { name, unavailable: peer.unavailable } : runner(peer.version, peer.argv, peer.home)
}

function makeRunner(name: string, version: string, make: readonly string[], recipe: string, besides: string): Runner {
  const argv = [...make, '-j', 'all']
  return {
    name,
    version,
    argv,
    command: `make -j all # .DELETE_ON_ERROR${besides}`,
    again: argv,
    victims: [itself, shell],
    prepare: (folder) =>
      writeFileSync(
        join(folder, 'Makefile'),
        `.DELETE_ON_ERROR:\nall: three.out\n%.out:\n\t${recipe}\ntwo.out: one.out\nthree.out: two.out\n`,
      ),
    artefact: 'targets',
    passed: (folder) => tasks.filter((task) => existsSync(join(folder, `${task}.out`))),
  }
}

function vitestRunner(version: string, vitest: readonly string[], home: string): Runner {
  const reporters = ['default', 'junit', 'json'].map((name) => `--reporter=${name}`)
  const argv = [...vitest, 'run', ...reporters, '--outputFile.junit=junit.xml', '--outputFile.json=results.json']
  return {
    name: 'vitest',
    version,
    argv,
    command: 'vitest run --reporter=default --reporter=junit --reporter=json',
    again: argv,
    victims: [itself, { title: 'its worker', find: (_, shell) => parentOf(shell) }, shell],
    prepare(folder) {
      symlinkSync(join(home, 'node_modules'), join(folder, 'node_modules'))
      writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
      writeFileSync(
        join(folder, 'job.test.ts'),
        `import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

test.each(${JSON.stringify(tasks)})('%s', async (task) => {
  const [code] = await once(spawn('sh', ['work.sh', task], { stdio: 'inherit' }), 'exit')
  expect(code).toBe(0)
}, 600_000)
`,
      )
    },
    artefact: 'junit.xml',
    passed: (folder) => passedIn(read(join(folder, 'junit.xml'))),
  }
}

function pytestRunner(version: string, pytest: readonly string[]): Runner {
  const argv = [...pytest, '-v', '--junitxml=junit.xml']
  return {
    name: 'pytest',
    version,
    argv,
    command: 'pytest -v --junitxml=junit.xml # again: --last-failed',
    // Its own way to go on; with nothing known of a run before, it runs all.
    again: [...argv, '--last-failed'],
    victims: [itself, shell],
    prepare: (folder) =>
      writeFileSync(
        join(folder, 'test_job.py'),
        `import subprocess\n${tasks
          .map((task) => `\n\ndef test_${task}():\n    subprocess.run(["sh", "work.sh", "${task}"], check=True)\n`)
          .join('')}`,
      ),
    artefact: 'junit.xml',
    passed: (folder) => passedIn(read(join(folder, 'junit.xml'))),
  }
}

// As its plan in the checkout names it.
const language = '../lib/index.ts'
const packageFile = join(import.meta.dir, '../../package.json')

export function assayRunner(): Runner {
  const run = [process.execPath, 'run']
  const argv = [...run, 'plan', 'killed']
  const runner = (_started: number, _shell: number, folder: string) => Number(read(join(folder, 'runner.pid')))
  return {
    name: 'Assay',
    version: v.parse(v.object({ version: v.string() }), JSON.parse(read(packageFile))).version,
    argv,
    command: 'bun run plan killed # again: --resume',
    again: [...argv, '--resume'],
    victims: [
      { title: 'the runner', find: runner },
      { title: 'one of its sentinels', find: (...where) => sentinelOf(runner(...where)) },
      { title: '`bun run`', find: (started) => started },
      shell,
    ],
    prepare(folder) {
      checkout(folder)
      const step = (name: Task, before: readonly Task[]) =>
        `const ${name} = plan.step({
    name: '${name}',
    needs: { ${before.join(', ')} },
    output: v.string(),
    run: async (_, { $ }) => {
      await Bun.write('runner.pid', String(process.pid))
      return (await $\`sh work.sh ${name}\`).stdout
    },
  })\n`
      writeFileSync(
        join(folder, 'plans/killed.ts'),
        `import * as v from 'valibot'
import { definePlan } from '${language}'
export default definePlan({ name: 'killed', kind: 'smoke', title: 'Three steps' }, (plan) => {
  ${step('one', [])}  ${step('two', ['one'])}  ${step('three', ['two'])}})
`,
      )
    },
    artefact: 'journal',
    passed(folder) {
      const { stdout } = Bun.spawnSync([...run, 'report', '--junit', '-'], { cwd: folder, stderr: 'ignore' })
      return passedIn(stdout.toString())
    },
  }
}

function sentinelOf(runner: number): number | undefined {
  return [...commands()].find(([, command]) => command.endsWith(`assay-sentinel ${runner}`))?.[0]
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
