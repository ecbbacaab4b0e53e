import type { Work } from '../kernel.ts'
import type { Buffers } from './buffers.ts'
import type { Compiled } from './compile.ts'

/** What a command buffer is told: work with its pipelines and buffers. */
export type Step =
  | {
      readonly kind: 'dispatch'
      readonly pipeline: GPUComputePipeline
      readonly group: GPUBindGroup
      readonly groups: readonly [number, number, number]
      readonly repeat: number
    }
  | { readonly kind: 'copy'; readonly from: GPUBuffer; readonly to: GPUBuffer; readonly bytes: number }

export function stepOf(device: GPUDevice, work: Work, compiled: Compiled, buffers: Buffers): Step {
  if (work.kind === 'copy')
    return { kind: 'copy', from: buffers.of(work.from), to: buffers.of(work.to), bytes: work.bytes }
  if (work.kind !== 'dispatch') throw new Error(`${work.kind} is work of the host`)
  const pipeline = compiled.pipelineOf(work)
  const entries = work.bindings.map(({ buffer }, binding) => ({ binding, resource: { buffer: buffers.of(buffer) } }))
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
  return { kind: 'dispatch', pipeline, group, groups: work.groups, repeat: work.repeat ?? 1 }
}

export function encode(encoder: GPUCommandEncoder, step: Step) {
  if (step.kind === 'copy') return encoder.copyBufferToBuffer(step.from, 0, step.to, 0, step.bytes)
  const pass = encoder.beginComputePass()
  dispatch(pass, step)
  pass.end()
}

export function dispatch(pass: GPUComputePassEncoder, step: Extract<Step, { kind: 'dispatch' }>) {
  pass.setPipeline(step.pipeline)
  pass.setBindGroup(0, step.group)
  for (let time = 0; time < step.repeat; time++) pass.dispatchWorkgroups(...step.groups)
}
