import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as v from 'valibot'
import { higher, quantity, type StepContext } from '../../../lib/index.ts'
import { fileStore } from '../../../lib/record/files.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { RunRecord } from '../../../lib/record/run-record.ts'
import type { Store } from '../../../lib/record/store.ts'
import { csvText } from '../../../lib/report/csv.ts'
import { systemClock } from '../../../lib/run/clock.ts'
import { judgeReleased } from '../../../tasks/gpu/judge-released.ts'
import type { DeviceFacts } from '../../../tasks/gpu/kernel.ts'
import { type GpuClient, gpu, present, presentGpu, remarks } from '../../../tasks/gpu/service.ts'
import { softwareGpu } from '../../gpu-software.ts'
import { runs } from '../../lib/shell/runs.ts'
import { type RigBuilder, rigFor } from '../../rig.ts'

setDefaultTimeout(120_000)

const scratch = mkdtempSync(join(tmpdir(), 'assay-gpu-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const fixtures = join(import.meta.dir, '../../fixtures/gpu')
const kernel = (name: string) => pathToFileURL(join(fixtures, `${name}.ts`))
const nowhere = { VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' }
const env = { PATH: process.env.PATH, HOME: process.env.HOME }

async function run(
  describe: (plan: RigBuilder) => void,
  own: Readonly<Record<string, string>> = {},
  store: Store = memoryStore(),
) {
  const rig = rigFor(describe, {}, store)
  // What a driver takes its time for passes no time of a fake clock.
  const result = await rig.run({ env: { ...env, ...own }, clock: systemClock })
  if (result.kind !== 'ended') throw new Error(result.kind)
  const ends = Object.fromEntries(result.record.steps.map(({ name, ended }) => [name, ended]))
  return { record: result.record, ends }
}

const rowsOf = (record: RunRecord) => csvText([record]).trimEnd().split('\r\n').slice(1)

async function sampleOf(client: GpuClient, name: string, context: StepContext, within = 60): Promise<number> {
  const { operations } = await presentGpu(client).sample(
    kernel(name),
    64,
    { seconds: 0.005, search: 0.005, within },
    context,
  )
  return operations
}

describe('without an adapter', () => {
  test('steps are skipped with the reason, and what helps is said once', async () => {
    const { record, ends } = await run((plan) => {
      const card = plan.use(gpu('hardware'))
      const rules = { needs: { card }, skipUnless: ({ card }: { card: GpuClient }) => present(card) }
      plan.step({
        name: 'sample',
        ...rules,
        output: v.number(),
        run: ({ card }, context) => sampleOf(card, 'right', context),
      })
    }, nowhere)
    expect(ends.sample).toMatchObject({ outcome: 'skipped', reason: 'no GPU that WebGPU finds' })
    expect(record.announcements).toEqual([
      expect.stringContaining(
        "Cannot open a GPU as 'adapter' must be one that WebGPU finds: current value is hardware, and it finds none. VK_DRIVER_FILES is /nowhere.json",
      ),
    ])
    expect(record.services.map(({ state, detail, absent }) => [state, detail, absent])).toEqual([
      ['starting', undefined, undefined],
      ['ready', 'none', true],
      ['stopped', undefined, undefined],
    ])
  })

  test('a name errs, as it does where there are others', async () => {
    const { ends, record } = await run((plan) => {
      const card = plan.use(gpu('H200'))
      plan.step({ name: 'sample', needs: { card }, output: v.null(), run: () => null })
    }, nowhere)
    expect(record.ended).toMatchObject({ outcome: 'errored', exit: 2 })
    expect(record.services.at(-1)).toMatchObject({
      state: 'errored',
      reason: expect.stringContaining('current value is H200, and it finds none. VK_DRIVER_FILES is /nowhere.json'),
    })
    expect(ends.sample).toMatchObject({ outcome: 'skipped', reason: 'because gpu errored' })
  })

  test('a step that is not skipped errs with it', async () => {
    const { ends } = await run((plan) => {
      const card = plan.use(gpu('software'))
      plan.step({
        name: 'sample',
        needs: { card },
        output: v.number(),
        run: ({ card }, context) => sampleOf(card, 'right', context),
      })
    }, nowhere)
    expect(ends.sample).toMatchObject({ outcome: 'errored', reason: 'no software adapter that WebGPU finds' })
  })
})

describe.skipIf(softwareGpu === undefined)('on a software adapter', () => {
  test('every row names it as software, with its driver', async () => {
    const { record, ends } = await run((plan) => {
      const card = plan.use(gpu('software'))
      plan.measure({
        name: 'speed',
        needs: { card },
        samples: 3,
        warmup: 1,
        metrics: { rate: higher('op/s') },
        skipUnless: ({ card }) => present(card),
        run: async ({ card }, context) => ({ rate: quantity(await sampleOf(card, 'right', context), 'op/s') }),
      })
    })
    expect(ends.speed).toMatchObject({ outcome: 'passed' })
    const rows = rowsOf(record)
    expect(rows.length).toBeGreaterThan(1)
    for (const row of rows) expect(row).toMatch(/ · software"?,"?[^,]+"?,[^,]*,[^,]*$/)
    expect(record.announcements.join(' ')).toContain('is the CPU')
  })

  test('a worker that ends fails its step with what befell it, and the next sample starts a fresh one', async () => {
    const { ends } = await run((plan) => {
      const card = plan.use(gpu('software'))
      const step = (name: string, kernel: string, within?: number) =>
        plan.step({
          name,
          needs: { card },
          exclusive: 'alone',
          output: v.number(),
          run: ({ card }, context) => sampleOf(card, kernel, context, within),
        })
      step('before', 'right')
      step('endless', 'endless', 1)
      step('between', 'right')
      step('crash', 'crashing')
      step('loss', 'losing')
      step('wrong', 'wrong')
      step('after', 'right')
    })
    const outcomes = Object.fromEntries(Object.entries(ends).map(([name, ended]) => [name, ended?.outcome]))
    expect(outcomes).toEqual({
      before: 'passed',
      endless: 'failed',
      between: 'passed',
      crash: 'errored',
      loss: 'failed',
      wrong: 'failed',
      after: 'passed',
    })
    expect(ends.endless?.reason).toContain("was killed as 'load' had not ended after 1 s")
    expect(ends.crash?.reason).toContain('crashed with SIGSEGV')
    expect(ends.loss?.reason).toContain('lost its device')
    expect(ends.wrong?.reason).toContain('element 5 is 16 and not 15')
  })

  test('samples that were taken before a worker ends are kept', async () => {
    const folder = mkdtempSync(join(scratch, 'kept-'))
    const plan = (plan: RigBuilder) => {
      const card = plan.use(gpu('software'))
      plan.measure({
        name: 'speed',
        needs: { card },
        samples: 5,
        warmup: 0,
        metrics: { rate: higher('op/s') },
        run: async ({ card }, context) => {
          const operations = await sampleOf(card, context.round > 3 ? 'crashing' : 'right', context)
          return { rate: quantity(operations, 'op/s') }
        },
      })
    }
    const { ends } = await run(plan, {}, fileStore(folder))
    expect(ends.speed).toMatchObject({ outcome: 'errored', reason: expect.stringContaining('crashed with SIGSEGV') })
    const kept = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('samples.csv'),
    )
    expect(kept).toHaveLength(1)
    const rows = readFileSync(join(folder, kept[0] ?? ''), 'utf8')
      .trim()
      .split('\n')
    expect(rows).toHaveLength(1 + 3)
  })

  test('a kernel that goes wrong after it was loaded is found when it is released', async () => {
    const { ends } = await run((plan) => {
      const card = plan.use(gpu('software'))
      const sampled = plan.step({
        name: 'sample',
        needs: { card },
        output: v.number(),
        run: async ({ card }, context) =>
          (await sampleOf(card, 'right', context)) + (await sampleOf(card, 'wearing', context)),
      })
      const kernels = ['right', 'wearing', 'tiny'].map(kernel)
      plan.check({ name: 'right', needs: { card, sampled }, run: ({ card }) => judgeReleased(card, kernels) })
    })
    expect(ends.sample).toMatchObject({ outcome: 'passed' })
    expect(ends.right?.findings).toMatchObject([
      { name: 'right still computed right after its samples', verdict: 'pass' },
      { name: 'wearing still computed right after its samples', verdict: 'fail' },
      // As of what was measured before a run was resumed.
      { name: 'tiny still computed right after its samples', verdict: 'undecided' },
    ])
  })

  test('a step has workers of its own, which end with the run', async () => {
    let pid = 0
    const { ends } = await run((plan) => {
      const card = plan.use(gpu('software'))
      plan.step({
        name: 'churn',
        needs: { card },
        output: v.number(),
        run: async ({ card }, context) => {
          const own = await presentGpu(card).open(context, { unchecked: true })
          pid = own.worker.pid ?? 0
          return (await own.churn(5, 4096)).cycles
        },
      })
    })
    expect(ends.churn).toMatchObject({ outcome: 'passed', output: 5 })
    expect(pid).toBeGreaterThan(0)
    expect(runs(pid)).toBe(false)
  })

  test('a step that is told to stop ends the kernel that it waits for', async () => {
    const { ends } = await run((plan) => {
      const card = plan.use(gpu('software'))
      plan.step({
        name: 'endless',
        needs: { card },
        timeout: '2 s',
        output: v.number(),
        run: ({ card }, context) => sampleOf(card, 'endless', context),
      })
    })
    expect(ends.endless).toMatchObject({ outcome: 'failed' })
  })

  test('an adapter that is not there errs, with those that are', async () => {
    const { ends, record } = await run((plan) => {
      const card = plan.use(gpu('H200'))
      plan.step({ name: 'sample', needs: { card }, output: v.null(), run: () => null })
    })
    expect(record.ended).toMatchObject({ outcome: 'errored', exit: 2 })
    expect(record.services.at(-1)).toMatchObject({
      state: 'errored',
      reason: expect.stringMatching(/those there are: .*: current value is H200/),
    })
    expect(ends.sample).toMatchObject({ outcome: 'skipped', reason: 'because gpu errored' })
  })

  test('a runner that is killed leaves no worker in the midst of a kernel', async () => {
    const module = (path: string) => JSON.stringify(join(import.meta.dir, '../../..', path))
    const code = `
      import { memoryStore, runPlan } from ${module('lib/embed.ts')}
      import { definePlan } from ${module('lib/index.ts')}
      import { gpu, presentGpu } from ${module('tasks/gpu/service.ts')}
      import * as v from 'valibot'
      const plan = definePlan({ name: 'killed', kind: 'smoke', title: 'Killed', params: {} }, (plan) => {
        const card = plan.use(gpu('software'))
        plan.step({
          name: 'endless', needs: { card }, output: v.null(),
          run: async ({ card }, context) => {
            const own = await presentGpu(card).open(context)
            console.log(own.worker.pid)
            await own.load(new URL(${JSON.stringify(kernel('endless').href)}), 64, 0.01)
          },
        })
      })
      await runPlan(plan, { store: memoryStore(), env: process.env })`
    const runner = Bun.spawn([process.execPath, '-e', code], {
      cwd: join(import.meta.dir, '../../..'),
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { value } = await runner.stdout.getReader().read()
    const pid = Number(new TextDecoder().decode(value))
    expect(runs(pid)).toBe(true)
    await Bun.sleep(200)
    runner.kill('SIGKILL')
    const deadline = performance.now() + 5000
    while (runs(pid) && performance.now() < deadline) await Bun.sleep(10)
    expect(runs(pid)).toBe(false)
  })
})

describe('what is said before numbers come', () => {
  const cards = ['NVIDIA H200', 'NVIDIA H200', 'NVIDIA T4'].map(
    (name) => ({ name, backend: 'vulkan', kind: 'hardware' }) as const,
  )
  const facts: DeviceFacts = {
    ...{
      name: 'NVIDIA H200',
      kind: 'hardware',
      vendor: 'nvidia',
      architecture: 'hopper',
      driver: '1',
      backend: 'vulkan',
    },
    ...{ features: [], limits: {}, subgroups: { least: 32, most: 32 }, matrices: [] },
  }
  const seen = { name: 'timestamp_quantization', asked: 'off', how: 'timestamps are multiples of 65536 ns' } as const

  test('nothing of one card whose toggles take effect', () => {
    expect(remarks(facts, [{ ...seen, seen: 'yes' }], cards.slice(0, 1))).toEqual([])
  })

  test('which other adapters there are, those of one name, the CPU, and toggles that do not show', () => {
    expect(remarks(facts, [{ ...seen, seen: 'no' }], cards)).toEqual([
      'There are 3 adapters (NVIDIA H200, NVIDIA H200, NVIDIA T4): NVIDIA H200 is used; --set adapter=NAME takes another.',
      'Several adapters are called NVIDIA H200, which WebGPU cannot tell apart: the first is used.',
      'Dawn was asked to have timestamp_quantization off, and it does not show: timestamps are multiples of 65536 ns.',
    ])
    expect(remarks({ ...facts, kind: 'software' }, [], [])).toEqual([
      'NVIDIA H200 is the CPU: what it computes is judged, its speed says nothing of a card.',
    ])
  })
})
