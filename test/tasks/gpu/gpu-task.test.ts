import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { messageOf, type TaskContext } from '../../../lib/index.ts'
import task from '../../../tasks/gpu/gpu.task.ts'
import { softwareGpu } from '../../gpu-software.ts'

setDefaultTimeout(60_000)

async function run(adapter: string, variables: Readonly<Record<string, string>> = {}) {
  const log: string[] = []
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...variables }
  const context: TaskContext = {
    signal: AbortSignal.timeout(60_000),
    env,
    log: (line) => log.push(line),
    progress() {},
    emit() {},
  }
  const result = await task.run({ adapter }, context).catch(messageOf)
  return { log, result }
}

const nowhere = { VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' }

test('without a GPU the task says what helps, and nothing that Dawn prints', async () => {
  const { log, result } = await run('hardware', nowhere)
  expect(result).toContain("Cannot open a GPU as 'adapter' must be one that WebGPU finds: current value is hardware")
  expect(log).toEqual([])
  expect((await run('hardware', { ...nowhere, VK_LOADER_DEBUG: 'all' })).log).not.toEqual([])
})

describe.skipIf(softwareGpu === undefined)('on a software adapter', () => {
  test('the task tells a person what it is and can in a few lines, and programs all of it', async () => {
    const { log, result } = await run('software')
    expect(result).toMatchObject({ kind: 'software', limits: {}, toggles: [{}, {}, {}, {}, {}], adapters: [{}] })
    expect(log.find((line) => line.startsWith('adapter '))).toContain(
      softwareGpu?.includes('swiftshader') ? 'SwiftShader' : 'llvmpipe',
    )
    expect(log.every((line) => line.length < 200)).toBe(true)
  })

  test('what the worker printed is shown where something else fails', async () => {
    const own = softwareGpu ?? ''
    const { log, result } = await run('nobody has this name', { VK_DRIVER_FILES: `${own}:/nowhere.json` })
    expect(result).toContain('those there are: ')
    expect(log.join(' ')).toContain('/nowhere.json')
  })
})
