import type { StepContext, Stopped } from '../plan/context.ts'
import type { ServiceContext } from '../plan/service.ts'
import type { Mask } from '../record/mask.ts'
import type { RunStore } from '../record/store.ts'
import { shellFor } from '../shell/shell.ts'
import { graceMs } from './attempt.ts'
import type { Observer } from './observe.ts'
import type { Stops } from './stops.ts'

export interface ContextOptions {
  readonly plan: string
  readonly run: string
  readonly store: RunStore
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly mask: Mask
  readonly observe: Observer
  readonly stops: Stops
}

/** What a step's function is given; nothing of it costs anything until it is used. */
export function stepContext(
  options: ContextOptions,
  node: { readonly index: number; readonly name: string },
  attempt: number,
  signal: AbortSignal,
  foreign: (command: string) => void,
): StepContext {
  const { plan, run, store, env, cwd, mask } = options
  const folder = `${stepsFolder}/${slug(node)}`
  const work = workContext(options, node)
  return {
    plan,
    run,
    attempt,
    signal,
    env,
    mask,
    foreign,
    ...work,
    get folder() {
      return store.folder(folder)
    },
    get $() {
      foreign('shell commands')
      return shellFor({ signal, cwd, env, mask, log: work.log, grace: graceMs - 500, stopped: work.stopped })
    },
  }
}

export function serviceContext(
  options: ContextOptions,
  node: { readonly index: number; readonly name: string },
  signal: AbortSignal,
  { keep, announce, secret }: Pick<ServiceContext, 'keep' | 'announce' | 'secret'>,
): ServiceContext {
  const { plan, run, store, env } = options
  return {
    plan,
    run,
    signal,
    env,
    keep,
    announce,
    secret,
    folder: store.folder(`${servicesFolder}/${slug(node)}`),
    ...workContext(options, node),
  }
}

/** Where steps leave their artifacts, relative to the run's folder. */
export const stepsFolder = 'steps'

/** Where services keep what they hold, relative to the run's folder. */
export const servicesFolder = 'services'

function workContext(
  { store, mask, observe, stops }: ContextOptions,
  node: { readonly index: number; readonly name: string },
) {
  return {
    log(line: string) {
      const masked = mask(line)
      store.log(logFile, `${node.name} │ ${masked}\n`)
      observe({ event: 'log', step: node.name, line: masked })
    },
    progress(text: string) {
      observe({ event: 'progress', step: node.name, text: mask(text) })
    },
    stopped(how: Stopped | Promise<Stopped>) {
      stops.note(node.name, how)
    },
  }
}

/** Where steps log, relative to the run's folder: one file, each line behind its step's name, since a file a step costs more than many a step. */
export const logFile = 'log.txt'

/** A file that a step leaves as an artifact, relative to the run's folder. */
export function artifactOf(node: { readonly index: number; readonly name: string }, file: string): string {
  return `${stepsFolder}/${slug(node)}/${file}`
}

/** `03-stage-1-augment-polling`: a file name that still says which step it is. */
function slug({ index, name }: { readonly index: number; readonly name: string }): string {
  const words = name
    .normalize('NFKD')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return `${String(index).padStart(2, '0')}-${words.toLowerCase()}`
}
