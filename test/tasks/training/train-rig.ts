import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launchTraining, type TrainingRun } from '../../../tasks/training/launch.ts'
import { type EventLine, parseProgress, type StepLine } from '../../../tasks/training/steps/progress.ts'

const reference = join(import.meta.dir, '../../../tasks/training/reference')

/** A training of eight epochs of six steps, with a checkpoint at each eighth step. */
const tiny = {
  EPOCHS: '1',
  STEPS: '48',
  CHECKPOINT_EVERY: '8',
  IMAGES_PER_NODE: '96',
  INSTANCE_COUNT: '1',
  INSTANCE_TYPE: 'local',
  DATASET_ID: 'digits',
  BATCH_SIZE: '16',
  RESOLUTION: '8',
  DEVICE: 'cpu',
  MASTER_ADDR: '127.0.0.1',
}

export type Variables = Readonly<Record<string, string>>

/** What a training in this process's folder is known by when it is over. */
export interface Left {
  readonly code: number
  readonly out: string
  readonly steps: readonly StepLine[]
  readonly events: readonly EventLine[]
  /** SHA-256 of the weights; undefined where it didn't come to its end. */
  readonly weights: string | undefined
}

export interface ForkedJob {
  readonly out: string
  readonly variables?: Variables
  /** Bytes that no file may have more of. */
  readonly fileLimit?: number
  readonly ranks?: number
}

export interface TrainRig {
  folder(name: string): string
  /** A copy of what a broken training left. */
  copy(from: string, name: string): string
  launch(
    out: string,
    run?: Partial<Omit<TrainingRun, 'env' | 'python'>> & { readonly variables?: Variables },
  ): ReturnType<typeof launchTraining>
  forked(jobs: readonly ForkedJob[]): Promise<readonly Left[]>
}

export function trainRig(python: string, root: string): TrainRig {
  const environment = (out: string, variables: Variables = {}) => ({
    PATH: process.env.PATH ?? '',
    HOME: root,
    ...tiny,
    NVME_ROOT: join(root, 'nvme'),
    TRAINING_OUT: out,
    ...variables,
  })
  const folder = (name: string) => {
    const path = join(root, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  return {
    folder,
    copy(from, name) {
      cpSync(from, join(root, name), { recursive: true })
      return join(root, name)
    },
    launch: (out, { variables, ...run } = {}) =>
      launchTraining(
        { env: environment(out, variables), python, ...run },
        { signal: new AbortController().signal, log: () => {}, progress: () => {}, folder: folder(`${out}.log`) },
      ),
    async forked(jobs) {
      // Two of them may go on in one folder.
      const progressOf = (index: number) => join(root, `forked-${index}.jsonl`)
      const given = jobs.map(({ out, variables, fileLimit, ranks }, index) => ({
        env: { ...environment(out, variables), MASTER_PORT: String(20_000 + ((process.pid + index) % 20_000)) },
        progress: progressOf(index),
        ...(fileLimit !== undefined && { file_limit: fileLimit }),
        ...(ranks !== undefined && { ranks }),
      }))
      const child = Bun.spawn([python, join(import.meta.dir, 'forked.py'), reference], {
        env: { PATH: process.env.PATH },
        stdin: new Blob([JSON.stringify(given)]),
        stdout: 'pipe',
        stderr: Bun.file(join(root, 'forked.log')),
      })
      const codes = (await child.stdout.text()).trim().split('\n').map(Number)
      if ((await child.exited) !== 0) throw new Error(readFileSync(join(root, 'forked.log'), 'utf8').slice(-2000))
      return jobs.map(({ out }, index) => ({
        code: codes[index] ?? -1,
        out,
        ...linesOf(progressOf(index)),
        weights: weightsOf(out),
      }))
    },
  }
}

function linesOf(file: string): Pick<Left, 'steps' | 'events'> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((text) => parseProgress(text) ?? [])
  return {
    steps: lines.filter((line) => line.event === 'step'),
    events: lines.filter((line) => line.event !== 'step'),
  }
}

function weightsOf(out: string): string | undefined {
  const file = join(out, 'model.safetensors')
  return existsSync(file) ? Bun.SHA256.hash(readFileSync(file), 'hex') : undefined
}
