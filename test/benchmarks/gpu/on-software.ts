import { join } from 'node:path'
import { LoadedAnswer, Nothing, Opened, Sampled } from '../../../tasks/gpu/worker/answers.ts'
import { workerEnvironment } from '../../../tasks/gpu/worker/software.ts'
import { startWorker } from '../../../tasks/gpu/worker/worker-process.ts'

const root = join(import.meta.dir, '../../..')

/** A GPU worker on the software driver, which is never asked how fast anything is, and is handed kernels by a fixture that can alter them. */
export async function onSoftware({ unchecked = false, fixture = 'altered' } = {}) {
  const worker = startWorker({
    name: 'The GPU worker',
    command: [process.execPath, join(root, 'tasks/gpu/worker/worker.ts')],
    cwd: root,
    env: workerEnvironment(process.env, 'software'),
    log: () => {},
  })
  const deadline = 60_000
  const opened = await worker.ask({ ask: 'open', adapter: 'software', unchecked }, Opened, deadline)
  if (opened.kind !== 'answered' || opened.value.kind !== 'opened') throw new Error(JSON.stringify(opened))
  return {
    facts: opened.value.facts,
    /** With as few operations as can be, unless the search has its time: then all tunings are checked. */
    load: (kernel: string, size: number, options: Readonly<Record<string, string>> = {}, seconds = 1e-6) => {
      const path = `${join(root, `test/fixtures/gpu/${fixture}.ts`)}?${new URLSearchParams({ kernel, ...options })}`
      return worker.ask({ ask: 'load', kernel: path, size, seconds }, LoadedAnswer, deadline)
    },
    sample: (loaded: number, seconds: number) => worker.ask({ ask: 'sample', loaded, seconds }, Sampled, deadline),
    unload: (loaded: number) => worker.ask({ ask: 'unload', loaded }, Nothing, deadline),
    close: () => worker.stop(),
  }
}

/** What is wrong with a kernel; undefined: loaded, run and found right, twice. */
export async function wrongIn(
  gpu: Awaited<ReturnType<typeof onSoftware>>,
  kernel: string,
  size: number,
  options: Readonly<Record<string, string>> = {},
): Promise<string | undefined> {
  const loaded = await gpu.load(kernel, size, options)
  if (loaded.kind !== 'answered') return `${loaded.kind}: ${loaded.sentence}`
  const { value } = loaded
  const refused = value.search.find(({ refused }) => refused !== undefined)
  const sampled = await gpu.sample(value.loaded, 1e-6)
  const unloaded = await gpu.unload(value.loaded)
  if (refused !== undefined) return `${JSON.stringify(refused.tuning)}: ${refused.refused}`
  if (sampled.kind !== 'answered') return `${sampled.kind}: ${sampled.sentence}`
  return unloaded.kind === 'answered' ? undefined : `${unloaded.kind}: ${unloaded.sentence}`
}
