import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { didYouMean } from '../plan/did-you-mean.ts'
import { cannot, Failure, messageOf, Problem } from '../plan/problem.ts'
import type { Task } from '../plan/task.ts'
import { maskOf } from '../record/mask.ts'
import { maskJson } from '../record/mask-event.ts'
import { withoutSecrets } from '../run/secrets.ts'
import type { Interrupted } from '../run/summing.ts'
import { columns } from './columns.ts'
import { isNamed, loadDefault } from './load.ts'
import { claimStdout } from './output.ts'
import { type Places, placesOf } from './places.ts'
import { tellProblem, writeTo } from './print.ts'
import { onSignals } from './signals.ts'
import { taskFiles } from './task-files.ts'
import { taskHelp, taskOptions } from './task-options.ts'

const words = `Lists the tasks, or runs one alone: its result is one JSON line on stdout, its log is on stderr

  NAME       a task, or the file of one; NAME --help says what it takes
`

const ending = '.task.ts'

/** `task`: the domain work of plans, each piece runnable by itself. */
export async function run(args: readonly string[]): Promise<number> {
  const places = placesOf(undefined)
  const [word, ...given] = args
  if (word === undefined) return listTasks(places)
  if (word === '--help' || word === '-h') {
    writeTo(1, words)
    return 0
  }
  const name = basename(word, ending)
  const path = word.endsWith(ending) && existsSync(word) ? resolve(word) : taskFiles(places, ending).get(name)
  if (path === undefined)
    throw cannot('run a task', 'NAME', 'a task', word, didYouMean(name, [...taskFiles(places, ending).keys()]))
  const { stdout } = claimStdout('task', [])
  const task = await loadTask(places, name, path)
  if (given.includes('--help') || given.includes('-h')) {
    stdout.write(taskHelp(task, places.command('task')))
    await stdout.flush()
    return 0
  }
  const options = taskOptions(task, given, process.env)
  const mask = maskOf(
    process.env,
    Object.entries(task.options).flatMap(([name, { secret }]) => (secret ? String(options[name] ?? '') : [])),
  )

  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      const told = withoutSecrets(error, mask)
      writeTo(2, `${told instanceof Error ? (told.stack ?? told.message) : told}\n`)
      process.exit(2)
    })
  const stopping = new AbortController()
  let stopped: Interrupted | undefined
  onSignals(
    stdout,
    (reason) => {
      stopped = reason
      stopping.abort(reason)
    },
    (reason) => process.exit(reason.exit),
  )
  const emit = (value: unknown) => stdout.write(`${JSON.stringify(value)}\n`)
  try {
    const result = await task.run(options, {
      signal: stopping.signal,
      env: process.env,
      log: (line) => writeTo(2, `${mask(line)}\n`),
      progress: () => {}, // for a terminal that shows several at once; alone, the log says it all
      emit,
    })
    if (result !== undefined) emit(maskJson(result, mask))
    await stdout.flush()
    // Also after a signal: it was told to stop, and came to its end.
    return 0
  } catch (error) {
    await stdout.flush()
    if (stopped !== undefined && isInterruption(error, stopped)) return stopped.exit
    const told = withoutSecrets(error, mask)
    if (!(told instanceof Failure)) return tellProblem(told)
    writeTo(2, `${told.message}\n`)
    return 1
  }
}

/** Whether `error` only says that the task was cut short, in the words of whoever heard the signal. */
function isInterruption(error: unknown, reason: Interrupted): boolean {
  return error === reason || (error instanceof Error && (error.cause === reason || error.name === 'AbortError'))
}

async function listTasks(places: Places): Promise<number> {
  const { stdout } = claimStdout('task', [])
  const rows: string[][] = []
  for (const [name, path] of taskFiles(places, ending)) rows.push([name, await titleOf(places, name, path)])
  const command = places.command('task')
  stdout.write(`${columns(rows)}\nRun one: ${command} NAME     Its options: ${command} NAME --help\n`)
  await stdout.flush()
  return 0
}

async function titleOf(places: Places, name: string, path: string): Promise<string> {
  try {
    return (await loadTask(places, name, path)).title
  } catch (error) {
    if (error instanceof Problem) return messageOf(error)
    throw error
  }
}

async function loadTask(places: Places, name: string, path: string): Promise<Task> {
  const loaded = await loadDefault(path, `load task ${name}`, places)
  if (!isTask(loaded)) throw cannot(`load task ${name}`, 'the default export', 'a task', typeof loaded)
  if (loaded.name !== name) throw cannot(`load task ${name}`, 'name', `'${name}', as its file is called`, loaded.name)
  return loaded
}

function isTask(value: unknown): value is Task {
  return (
    isNamed(value) &&
    'options' in value &&
    typeof value.options === 'object' &&
    'run' in value &&
    typeof value.run === 'function'
  )
}
