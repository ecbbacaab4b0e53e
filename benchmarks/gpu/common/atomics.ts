import type { Kernel } from '../../../tasks/gpu/kernel.ts'
import { gridOf } from './grid.ts'
import { wrongCount } from './pattern.ts'
import { zeros } from './random.ts'

/**
 * `size` invocations that each add 1 to one of `addresses` counters, neighbours to neighbours; counted are the additions. What the driver adds
 * up within a subgroup before it reaches memory is its own affair.
 */
export function atomicsKernel(name: string, addressesOf: (size: number) => number): Kernel {
  return {
    name,
    needs: [],
    tunings: () => [256, 128, 64].map((workgroup) => ({ workgroup })),
    prepare(size, { workgroup = 256 }, device) {
      const grid = gridOf(Math.ceil(size / workgroup), device)
      const addresses = addressesOf(size)
      const wgsl = `
@group(0) @binding(0) var<storage, read_write> counters: array<atomic<u32>>;
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = ${grid.group} * ${workgroup}u + local;
  if (i < ${size}u) { atomicAdd(&counters[i % ${addresses}u], 1u); }
}
`
      return {
        buffers: { counters: { bytes: 4 * addresses, fill: zeros } },
        work: [
          {
            kind: 'dispatch',
            wgsl,
            entry: 'main',
            bindings: [{ buffer: 'counters', access: 'write' }],
            groups: grid.groups,
          },
        ],
        bytes: 0,
        flop: 0,
        count: size,
        check: async (read, operations) => wrongAdditions(await read('counters'), size, operations),
      }
    },
  }
}

function wrongAdditions(data: ArrayBuffer, size: number, operations: number): string | undefined {
  const addresses = data.byteLength / 4
  const [each, more] = [Math.floor(size / addresses), size % addresses]
  return (
    wrongCount('counters', data.slice(0, 4 * more), (each + 1) * operations) ??
    wrongCount('counters', data.slice(4 * more), each * operations)
  )
}
