#!/usr/bin/env bun
import { existsSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cannot, Problem } from '../plan/problem.ts'
import { checkMachine, ensureInstalled } from './installation.ts'
import { withoutSecrets, writeTo } from './print.ts'

// Only built-ins are imported before the installation is known to be whole; each command loads what it needs.

const commands = {
  plan: () => import('./plan.ts'),
  report: () => import('./report.ts'),
  task: () => import('./task.ts'),
  doctor: () => import('./doctor.ts'),
  noise: () => import('./noise.ts'),
  gc: () => import('./gc.ts'),
  torture: () => import('./torture.ts'),
  schedule: () => import('./schedule.ts'),
  history: () => import('./history.ts'),
  compare: () => import('./compare.ts'),
  baseline: () => import('./baseline.ts'),
}

const usage = `Typed test plans for ML pipelines

  plan              lists the plans; with names, runs them
  report [RUN]      shows a run again, or makes its page, CSV, JUnit, Markdown and JSON
  task [NAME]       lists the tasks, or runs one alone
  doctor            says what is on this machine
  noise             measures how fine a change can be seen on this machine
  gc                frees what old runs take
  torture PLAN      kills runs of a plan, resumes them and says what that cost
  schedule          shows when plans run by themselves, and has cron run them
  history [PLAN]    shows every run, those that should have been, and how metrics went
  compare RUN RUN   says whether the second is worse than the first
  baseline          sets, shows and clears what runs are held against

Each says more with --help.
`

async function main([command, ...args]: readonly string[]): Promise<number> {
  const home = realpathSync(join(import.meta.dir, '../..'))
  checkMachine(process.versions.bun ?? '0', process.platform)
  if (ensureInstalled(home) === 'installed') return startAgain()
  const other = otherCopy(args, home)
  if (other !== undefined) {
    await import(other)
    return await new Promise<never>(() => {})
  }
  if (command === 'plan' && args.length === 0) {
    // What people type most, without the parser of flags.
    const [{ list }, { placesOf }] = await Promise.all([import('./list.ts'), import('./places.ts')])
    return list(placesOf(undefined), 'text')
  }
  if (command === undefined || command === '--help' || command === 'help') {
    writeTo(1, usage)
    return 0
  }
  if (!isCommand(command)) {
    const { didYouMean } = await import('../plan/did-you-mean.ts')
    throw cannot('run Assay', 'command', 'one it has', command, didYouMean(command, Object.keys(commands)))
  }
  const { run } = await commands[command]()
  return run(args)
}

/** The same command in a new process, for which this one stands in. */
async function startAgain(): Promise<number> {
  const child = Bun.spawn([process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return child.exited // 128 and the signal's number, when one ended it
}

/** The entry of the Assay that is installed in `--dir`: the plans there were written for that one. */
function otherCopy(args: readonly string[], home: string): string | undefined {
  const at = args.findIndex((arg) => arg === '--dir' || arg.startsWith('--dir='))
  const dir = at === -1 ? undefined : args[at]?.startsWith('--dir=') ? args[at].slice(6) : args[at + 1]
  if (dir === undefined) return undefined
  const entry = join(resolve(dir), 'node_modules/assay/lib/cli/main.ts')
  return existsSync(entry) && realpathSync(entry) !== join(home, 'lib/cli/main.ts') ? entry : undefined
}

function isCommand(word: string): word is keyof typeof commands {
  return Object.hasOwn(commands, word)
}

/** A person's mistake is told in its sentence; what else goes wrong is ours, and is told with its place. */
function tell(error: unknown): number {
  if (error instanceof Problem) writeTo(2, `${withoutSecrets(error.message)}\n`)
  else {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    writeTo(
      2,
      `Internal error: ${withoutSecrets(stack)}\nThis is a mistake in Assay: please report it with these lines.\n`,
    )
  }
  return 2
}

// Whatever a plan left running (a timer, an open connection) must not keep the command from ending.
process.exit(await main(process.argv.slice(2)).catch(tell))
