import type { Effects, OutOfBounds } from './toggles.ts'

/** Sees what a device does by having it do it. */
export async function effectsOf(device: GPUDevice, { info, features }: GPUAdapter): Promise<Effects> {
  return {
    vendor: info.vendor,
    features: [...features],
    timestampStep: device.features.has('timestamp-query') ? await timestampStep(device) : undefined,
    outOfBounds: await outOfBounds(device),
  }
}

const stamps = 32

/** Some stamps of passes that do nothing; their greatest common divisor. */
async function timestampStep(device: GPUDevice): Promise<number> {
  const querySet = device.createQuerySet({ type: 'timestamp', count: stamps })
  const encoder = device.createCommandEncoder()
  for (let at = 0; at < stamps; at += 2) {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 }
    encoder.beginComputePass({ timestampWrites }).end()
  }
  const bytes = 8 * stamps
  const resolved = device.createBuffer({ size: bytes, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC })
  encoder.resolveQuerySet(querySet, 0, stamps, resolved, 0)
  const times = new BigUint64Array(await readAfter(device, encoder, resolved, bytes))
  querySet.destroy()
  resolved.destroy()
  let step = 0n
  for (const time of times) for (let a = time; a > 0n; ) [step, a] = [a, step % a]
  return Number(step)
}

const bound = 64 // elements of the binding; the buffer goes on behind them, so that nothing else can be read
const behind = 100
const inside = 4

const wgsl = `
struct Shared { inside: array<u32, ${inside}>, behind: array<u32, ${inside}> }
var<workgroup> shared_: Shared;
@group(0) @binding(0) var<storage, read> data: array<u32>;
@group(0) @binding(1) var<storage, read_write> found: array<u32>;
@compute @workgroup_size(1) fn main() {
  for (var i = 0u; i < ${inside}u; i++) {
    shared_.inside[i] = data[2u];
    shared_.behind[i] = data[3u];
  }
  found[0] = data[data[0u]];
  found[1] = shared_.inside[data[1u]];
}`

/** Reads behind the end of a binding that is shorter than its buffer, and of an array with another behind it: whatever comes, it is ours. */
async function outOfBounds(device: GPUDevice): Promise<OutOfBounds> {
  const [clamped, read] = [1111, 2222]
  const data = new Uint32Array(2 * bound).fill(clamped, 0, bound).fill(read, bound)
  data.set([behind, inside + 1, clamped, read])
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const input = device.createBuffer({ size: data.byteLength, usage })
  const output = device.createBuffer({ size: 8, usage })
  device.queue.writeBuffer(input, 0, data)
  const module = device.createShaderModule({ code: wgsl })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
  const entries = [
    { binding: 0, resource: { buffer: input, size: 4 * bound } },
    { binding: 1, resource: { buffer: output } },
  ]
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(1)
  pass.end()
  const [storage, workgroup] = new Uint32Array(await readAfter(device, encoder, output, 8))
  input.destroy()
  output.destroy()
  const became = (value: number | undefined) => (value === clamped ? 'clamped' : value === read ? 'read' : 'hidden')
  return { storage: became(storage), workgroup: became(workgroup) }
}

async function readAfter(device: GPUDevice, encoder: GPUCommandEncoder, buffer: GPUBuffer, bytes: number) {
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes)
  device.queue.submit([encoder.finish()])
  await staging.mapAsync(GPUMapMode.READ)
  const copy = staging.getMappedRange().slice(0)
  staging.destroy()
  return copy
}
