import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as v from 'valibot'
import { Failure } from '../../../../lib/index.ts'
import { LoadedAnswer, Opened } from '../../../../tasks/gpu/worker/answers.ts'
import { type GpuWorker, openWorker } from '../../../../tasks/gpu/worker/open-worker.ts'
import { workerEnvironment } from '../../../../tasks/gpu/worker/software.ts'
import { startWorker } from '../../../../tasks/gpu/worker/worker-process.ts'
import { softwareGpu } from '../../../gpu-software.ts'
import { runs } from '../../../lib/shell/runs.ts'

setDefaultTimeout(120_000)

const fixtures = join(import.meta.dir, '../../../fixtures/gpu')
const kernel = (name: string) => pathToFileURL(join(fixtures, `${name}.ts`))
const scratch = mkdtempSync(join(tmpdir(), 'assay-gpu-worker-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const opened: GpuWorker[] = []
afterEach(async () => {
  for (const { worker } of opened.splice(0)) await worker.stop()
})

const context = (env: Readonly<Record<string, string | undefined>> = process.env) => ({
  env,
  log() {},
  signal: new AbortController().signal,
})

async function open(adapter = 'software', unchecked = false): Promise<GpuWorker> {
  const found = await openWorker({ adapter, unchecked }, context())
  if (found.kind !== 'opened') throw new Error('no adapter')
  opened.push(found.gpu)
  return found.gpu
}

describe.skipIf(softwareGpu === undefined)('a worker on a software adapter', () => {
  test('says what the device is and can, and that its toggles take effect', async () => {
    const { facts, toggles } = await open('software', true)
    expect(facts).toMatchObject({ kind: 'software', backend: 'vulkan' })
    expect(facts.driver).not.toBe('')
    expect(facts.features).toContain('timestamp-query')
    expect(facts.features).toEqual([...facts.features].sort())
    // More than the 128 MiB that are granted to whoever does not ask.
    expect(facts.limits.maxStorageBufferBindingSize).toBeGreaterThan(2 ** 27)
    expect(facts.subgroups.least).toBeGreaterThan(0)
    const seen = Object.fromEntries(toggles.map(({ name, asked, seen }) => [name, `${asked} ${seen}`]))
    expect(seen).toMatchObject({ timestamp_quantization: 'off yes', disable_robustness: 'on yes' })
    expect(toggles.filter(({ seen }) => seen === 'no')).toEqual([])
  })

  test('loads a kernel, finds it right, samples it and unloads it', async () => {
    const gpu = await open()
    const { loaded, ...one } = await gpu.load(kernel('right'), 1000, 0.01)
    expect(one).toMatchObject({ bytes: 4000, flop: 0, count: 1, tuning: {} })
    const { operations, deviceSeconds = 0, wallSeconds } = await gpu.sample(loaded, 0.01)
    expect(operations).toBeGreaterThan(0)
    expect(deviceSeconds).toBeGreaterThan(0)
    expect(wallSeconds).toBeGreaterThan(0)
    await gpu.unload(loaded)
    await expect(gpu.sample(loaded, 0.01)).rejects.toThrow(
      "Cannot use a kernel as 'loaded' must be one that was loaded",
    )
  })

  test('has a kernel that computes wrong fail, and goes on', async () => {
    const gpu = await open()
    const wrong = await gpu.load(kernel('wrong'), 100, 0.01).catch((error: unknown) => error)
    expect(wrong).toBeInstanceOf(Failure)
    expect(String(wrong)).toContain('element 5 is 16 and not 15')
    await gpu.load(kernel('right'), 100, 0.01)
  })

  test.each([
    ['a size beyond the limits', 'right', 2 ** 30, /Cannot run.*bytes of buffer output/],
    ['a module that is no kernel', 'none', 10, /must be a module whose default export is a kernel/],
    ['a module that is not there', 'nowhere', 10, /nowhere/],
  ])('refuses %s, and goes on', async (_, name, size, sentence) => {
    const gpu = await open()
    const refused = await gpu.load(kernel(name), size, 0.01).catch((error: unknown) => error)
    expect(refused).not.toBeInstanceOf(Failure)
    expect(String(refused)).toMatch(sentence)
    await gpu.load(kernel('right'), 100, 0.01)
  })

  test('is killed at the deadline of a kernel without an end, and what it answered before stands', async () => {
    const gpu = await open()
    const { loaded } = await gpu.load(kernel('right'), 100, 0.01)
    const before = await gpu.sample(loaded, 0.01)
    const error = await gpu.load(kernel('endless'), 64, 0.01, 1).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Failure)
    expect(String(error)).toContain("The GPU worker was killed as 'load' had not ended after 1 s")
    expect(gpu.worker.end()).toMatchObject({ kind: 'endless', seconds: 1 })
    expect(runs(gpu.worker.pid ?? 0)).toBe(false)
    expect(before.operations).toBeGreaterThan(0)
    await expect(gpu.sample(loaded, 0.01)).rejects.toThrow('had not ended')
  })

  test('tells a crash, a lost device and a kill from outside apart', async () => {
    const befalls = async (name: string) => {
      const gpu = await open()
      const request = { ask: 'load', kernel: fileURLToPath(kernel(name)), size: 64, seconds: 0.01 }
      return [gpu.worker, gpu.worker.ask(request, LoadedAnswer, 60_000)] as const
    }
    const [, crash] = await befalls('crashing')
    expect(await crash).toMatchObject({ kind: 'crashed', by: 'SIGSEGV' })
    const [, loss] = await befalls('losing')
    const lost = await loss
    expect(lost).toMatchObject({ kind: 'lost' })
    if (lost.kind === 'lost') expect(lost.reason).not.toBe('')
    const [worker, kill] = await befalls('endless')
    process.kill(worker.pid ?? 0, 'SIGKILL')
    expect(await kill).toMatchObject({ kind: 'killed', sentence: expect.stringContaining('killed with SIGKILL') })
  })

  test('gives memory back over cycles of creating and destroying', async () => {
    const gpu = await open()
    const { cycles, resident } = await gpu.churn(200, 2 ** 20)
    expect(cycles).toBe(200)
    expect(resident).toHaveLength(21)
    // 200 MiB if none came back.
    expect((resident.at(-1) ?? 0) - (resident[0] ?? 0)).toBeLessThan(50e6)
  })

  test('says whether memory can be had, and does not try to take all of the machine', async () => {
    const gpu = await open()
    expect(await gpu.allocate(2 ** 24)).toEqual({ fits: true })
    await expect(gpu.allocate(2 ** 50)).rejects.toThrow(
      "Cannot allocate as 'bytes' must be at most half of this machine's free",
    )
    expect(await gpu.allocate(2 ** 24)).toEqual({ fits: true })
  })

  test('sees two adapters, takes one and tells of both', async () => {
    const icd = softwareGpu ?? ''
    const second = join(scratch, 'second-icd.json')
    const { ICD, ...rest } = JSON.parse(readFileSync(icd, 'utf8'))
    writeFileSync(second, JSON.stringify({ ...rest, ICD: { ...ICD, library_path: join(icd, '..', ICD.library_path) } }))
    const env = { ...process.env, VK_DRIVER_FILES: `${icd}:${second}`, VK_ICD_FILENAMES: `${icd}:${second}` }
    const found = await openWorker({ adapter: 'software', unchecked: false }, context(env))
    if (found.kind !== 'opened') throw new Error('no adapter')
    opened.push(found.gpu)
    expect(found.all).toHaveLength(2)
    const none = await openWorker({ adapter: 'hardware', unchecked: false }, context(env))
    expect(none).toMatchObject({ kind: 'none', all: [{ kind: 'software' }, { kind: 'software' }] })
  })

  test('takes an adapter by part of its name, and lists those there are where none has it', async () => {
    const { facts } = await open('software')
    const part = facts.name.slice(0, 6).toUpperCase()
    expect((await open(part)).facts.name).toBe(facts.name)
    const wrong = openWorker({ adapter: 'H200', unchecked: false }, context())
    await expect(wrong).rejects.toThrow(`those there are: ${facts.name}: current value is H200`)
  })

  test('finds none with drivers that are nowhere', async () => {
    const env = { ...process.env, VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' }
    for (const adapter of ['hardware', 'software', 'H200'])
      expect(await openWorker({ adapter, unchecked: false }, context(env))).toMatchObject({ kind: 'none', all: [] })
  })

  test('has a toggle whose name is misspelt show', async () => {
    const module = JSON.stringify(join(import.meta.dir, '../../../../tasks/gpu/device/adapter.ts'))
    const look = async (off: string) => {
      const code = `
        import { openAdapter } from ${module}
        const { toggles } = await openAdapter({ adapter: 'software', unchecked: false, toggles: { on: [], off: ['${off}'] } })
        console.log(JSON.stringify(toggles))
        process.exit(0)`
      const env = workerEnvironment(process.env, 'software')
      const child = Bun.spawn([process.execPath, '-e', code], { env: { ...env }, stdout: 'pipe' })
      return JSON.parse(await child.stdout.text())
    }
    expect(await look('timestamp_quantization')).toMatchObject([{ seen: 'yes' }])
    expect(await look('timestamp_quantisation')).toMatchObject([{ name: 'timestamp_quantisation', seen: 'no' }])
  })
})

describe('a worker without any device', () => {
  const env = { PATH: process.env.PATH, VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' }
  function plain() {
    const command = [
      process.execPath,
      fileURLToPath(new URL('../../../../tasks/gpu/worker/worker.ts', import.meta.url)),
    ]
    return startWorker({ name: 'The worker', command, cwd: '/', env, log() {} })
  }

  test('refuses what it does not know, what it is not told and what comes too early', async () => {
    const worker = plain()
    const ask = async (request: { ask: string }) => {
      const outcome = await worker.ask(request, v.unknown(), 60_000)
      return outcome.kind === 'refused' ? outcome.sentence : outcome.kind
    }
    expect(await ask({ ask: 'dance' })).toContain("'ask' must be one of open, load, sample, unload, churn, allocate")
    expect(await ask({ ask: 'load' })).toContain("Cannot ask the GPU worker as 'kernel' must be")
    const early: { ask: string; loaded: number; seconds: number } = { ask: 'sample', loaded: 1, seconds: 1 }
    expect(await ask(early)).toBe("Cannot use a GPU as 'device' must be opened first: current value is none")
    await worker.stop()
  })

  test('answers that there is none', async () => {
    const worker = plain()
    const answer = await worker.ask({ ask: 'open', adapter: 'software', unchecked: false }, Opened, 60_000)
    expect(answer).toMatchObject({ kind: 'answered', value: { kind: 'none' } })
    await worker.stop()
  })

  test('ends with its standard input', async () => {
    const command = [
      process.execPath,
      fileURLToPath(new URL('../../../../tasks/gpu/worker/worker.ts', import.meta.url)),
    ]
    expect(await Bun.spawn(command, { stdin: 'ignore' }).exited).toBe(0)
  })
})
