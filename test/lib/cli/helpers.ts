import { setDefaultTimeout } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

// Each test starts processes, and other tests may have every core.
setDefaultTimeout(60_000)

/** Assay's own folder. */
export const home = join(import.meta.dir, '../../..')
export const entry = join(home, 'lib/cli/main.ts')

/** What a command came to. */
export interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdout?: 'pipe' | number
}

/** A repository as a user has it: plans in a folder, Assay among its packages. */
export interface Repository {
  readonly dir: string
  /** Writes a file and returns its path. */
  file(path: string, text: string): string
  read(path: string): string
  /** Starts the command line with these words. */
  start(words: readonly string[], options?: StartOptions): Bun.Subprocess<'ignore', 'pipe' | number, 'pipe'>
  /** Runs the command line to its end. */
  run(words: readonly string[], options?: StartOptions): Promise<Ran>
}

const made: string[] = []

/** A new repository with these plans, by name; gone after `removeRepositories`. */
export function repository(plans: Readonly<Record<string, string>> = {}): Repository {
  const dir = mkdtempSync(join(tmpdir(), 'assay-cli-'))
  made.push(dir)
  mkdirSync(join(dir, 'node_modules'))
  symlinkSync(home, join(dir, 'node_modules/assay'))
  symlinkSync(join(home, 'node_modules/valibot'), join(dir, 'node_modules/valibot'))
  const file = (path: string, text: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
    return join(dir, path)
  }
  mkdirSync(join(dir, 'plans'))
  for (const [name, text] of Object.entries(plans)) file(`plans/${name}.ts`, text)
  const start: Repository['start'] = (words, options = {}) => startEntry(dir, words, options)
  return {
    dir,
    file,
    read: (path) => readFileSync(join(dir, path), 'utf8'),
    start,
    run: (words, options) => ended(start(words, options)),
  }
}

export function removeRepositories(): void {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
}

/** Starts the command line in `cwd`, away from what this machine or the test runner has set. */
export function startEntry(cwd: string, words: readonly string[], { env, stdout = 'pipe' }: StartOptions = {}) {
  // What `bun run test` sets would make the command think that it was started by `bun run` itself.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|S3_ENDPOINT$|MLFLOW_TRACKING_URI$|FORCE_COLOR$)/.test(name),
  )
  const inherited = Object.fromEntries(own)
  return Bun.spawn([process.execPath, entry, ...words], {
    cwd,
    env: { ...inherited, NO_COLOR: '1', ...env },
    stdin: 'ignore',
    stdout,
    stderr: 'pipe',
  })
}

export async function ended(child: Bun.Subprocess<'ignore', 'pipe' | number, 'pipe'>): Promise<Ran> {
  const out = child.stdout instanceof ReadableStream ? child.stdout.text() : Promise.resolve('')
  const [exit, text, err] = await Promise.all([child.exited, out, child.stderr.text()])
  return { exit, out: text, err }
}

/** Reads a child's stdout as it comes: `until` it has said something, and to its end. */
export function reading(child: Bun.Subprocess<'ignore', 'pipe' | number, 'pipe'>) {
  if (!(child.stdout instanceof ReadableStream)) throw new Error('Its stdout is no pipe')
  const reader = child.stdout.getReader()
  const decoder = new TextDecoder()
  let text = ''
  const more = async () => {
    const { done, value } = await reader.read()
    text += decoder.decode(value, { stream: true })
    return !done
  }
  return {
    async until(words: string): Promise<void> {
      while (!text.includes(words))
        if (!(await more())) throw new Error(`It ended without saying '${words}', but:\n${text}`)
    },
    async all(): Promise<string> {
      while (await more());
      return text
    },
  }
}

/** The text of a plan whose body is `body`, with the imports that bodies use. */
export function planText(name: string, body: string, header = ''): string {
  return `import { definePlan, equal, Failure, flag, holds, integer, oneOf, text, undecided } from 'assay'
import * as v from 'valibot'
export default definePlan({ name: '${name}', kind: 'smoke', title: 'The plan ${name}', ${header} }, (plan, params) => {
${body}
})
`
}

/** A step that returns 42 and a check that it did. */
export const passing = `
  const answer = plan.step({ name: 'ask', output: v.number(), run: () => 42 })
  plan.check({ name: 'answered', needs: { answer }, run: ({ answer }) => [equal('answer', answer, 42)] })`

/** A first step that passes, one that fails, one that needs it and a check of the first. */
export const failing = `
  const first = plan.step({ name: 'first', output: v.number(), run: () => 1 })
  const second = plan.step({ name: 'second', needs: { first }, output: v.number(), run: () => { throw new Failure('the model is wrong') } })
  plan.step({ name: 'third', needs: { second }, output: v.number(), run: () => 3 })
  plan.check({ name: 'one', needs: { first }, run: ({ first }) => [equal('first', first, 1)] })`

/** The one sentence that a command ends with when it was misused; throws when it said anything else on stderr. */
export function sentenceOf({ err }: Ran): string {
  const lines = err.trimEnd().split('\n')
  if (lines.length !== 1) throw new Error(`Not one sentence:\n${err}`)
  return lines[0] ?? ''
}

/** The newest run's folder of a plan, relative to the repository. */
export async function newestRun({ dir }: Repository, plan: string): Promise<string> {
  const journals = await Array.fromAsync(new Bun.Glob(`runs/${plan}/*/journal.jsonl`).scan({ cwd: dir }))
  const newest = journals.sort().at(-1)
  if (newest === undefined) throw new Error(`There is no run of ${plan}`)
  return dirname(newest)
}
