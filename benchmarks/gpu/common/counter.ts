import type { Work } from '../../../tasks/gpu/kernel.ts'

const wgsl = `
@group(0) @binding(0) var<storage, read_write> counter: array<u32>;
@compute @workgroup_size(1) fn main() { counter[0] += 1u; }
`

/** One invocation that adds 1 to `counter`, dispatched `repeat` times in a pass. */
export const count = (repeat: number): Work => ({
  kind: 'dispatch',
  wgsl,
  entry: 'main',
  bindings: [{ buffer: 'counter', access: 'write' }],
  groups: [1, 1, 1],
  repeat,
})
