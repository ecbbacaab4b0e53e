import { messageOf, Problem } from '../../../lib/index.ts'
import type { Work } from '../kernel.ts'
import { firstLine, openScopes } from './room.ts'

export type Dispatch = Extract<Work, { kind: 'dispatch' }>

export interface Compiled {
  readonly seconds: number
  pipelineOf(work: Dispatch): GPUComputePipeline
}

/** Each shader once; a Problem with line and column of what is wrong in one. */
export async function compile(device: GPUDevice, work: readonly Work[]): Promise<Compiled> {
  const pipelines = new Map<string, GPUComputePipeline>()
  const started = performance.now()
  for (const one of work) {
    if (one.kind !== 'dispatch' || pipelines.has(keyOf(one))) continue
    pipelines.set(keyOf(one), await pipelineFor(device, one))
  }
  const seconds = (performance.now() - started) / 1000
  return {
    seconds,
    pipelineOf(work) {
      const pipeline = pipelines.get(keyOf(work))
      if (pipeline === undefined) throw new Error(`no pipeline was made for ${work.entry}`)
      return pipeline
    },
  }
}

const keyOf = ({ wgsl, entry, bindings }: Dispatch) =>
  JSON.stringify([wgsl, entry, bindings.map(({ access }) => access)])

async function pipelineFor(device: GPUDevice, { wgsl, entry, bindings }: Dispatch): Promise<GPUComputePipeline> {
  const complaint = openScopes(device)
  const module = device.createShaderModule({ code: wgsl })
  const wrong = (await module.getCompilationInfo()).messages.find(({ type }) => type === 'error')
  try {
    if (wrong !== undefined) throw new Problem(`line ${wrong.lineNum}:${wrong.linePos}: ${firstLine(wrong.message)}`)
    // Explicit: a layout that is made from the shader leaves out the bindings that it happens not to use.
    const layout = device.createBindGroupLayout({
      entries: bindings.map(({ access }, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === 'write' ? 'storage' : 'read-only-storage' },
      })),
    })
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: entry },
    })
    const said = await complaint()
    if (said !== undefined) throw new Problem(said)
    return pipeline
  } catch (error) {
    const said = await complaint()
    throw error instanceof Problem ? error : new Problem(said ?? firstLine(messageOf(error)))
  }
}
