import { blocksOf, type Shape, typeOf, unrolled } from './shape.ts'

/** The one workgroup that scans the sums of the blocks. */
const last = 256

/** WGSL: from the sum of each block to what lies before it, in place. */
export function beforeShader(blocks: number): string {
  const each = Math.ceil(blocks / last)
  return `
@group(0) @binding(0) var<storage, read_write> before: array<f32>;
${prefixShader(last, 'f32')}
@compute @workgroup_size(${last})
fn main(@builtin(local_invocation_index) local: u32) {
  let first = min(local * ${each}u, ${blocks}u);
  let end = min(first + ${each}u, ${blocks}u);
  var mine = 0f;
  for (var i = first; i < end; i++) { mine += before[i]; }
  var sum = prefix(local, mine).before;
  for (var i = first; i < end; i++) { let here = before[i]; before[i] = sum; sum += here; }
}
`
}

/**
 * WGSL: the running sums of each block, from what lies before it. Neighbours take neighbours, so a block is `each` rows of a vector from every
 * invocation; the prefixes of four rows are found at once, as the elements of a vector.
 */
export function withinShader(size: number, shape: Shape, group: string): string {
  const { workgroup, vector, each } = shape
  const type = typeOf(shape)
  const [whole, rest] = [Math.floor(size / vector), size % vector]
  const rows = Array.from({ length: each }, (_, at) => at)
  const fours = rows.filter((row) => row % 4 === 0)
  return `
@group(0) @binding(0) var<storage, read> values: array<${type}>;
@group(0) @binding(1) var<storage, read> before: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<${type}>;

fn load(i: u32) -> ${type} {
  if (i < ${whole}u) { return values[i]; }
  ${rest === 0 ? '' : `if (i == ${whole}u) { let z = values[i]; return ${type}(${firstOf(vector, rest)}); }`}
  return ${type}();
}
fn store(i: u32, v: ${type}) {
  if (i < ${whole}u) { sums[i] = v; }
  ${rest === 0 ? '' : `if (i == ${whole}u) { ${unrolled(rest, (at) => `sums[i][${at}] = v[${at}];`)} }`}
}
fn total(v: ${type}) -> f32 { return ${parts(vector, 'v').join(' + ')}; }
${prefixShader(workgroup, 'vec4f')}
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let block = ${group};
  let i = block * ${workgroup * each}u + local;
  var sum = 0f;
  if (block < ${blocksOf(size, shape)}u) { sum = before[block]; }
${rows.map((row) => `  let v${row} = load(i + ${row * workgroup}u);`).join('\n')}
${fours
  .map((four) => {
    const own = rows.slice(four, four + 4)
    return `  let p${four} = prefix(local, vec4f(${own.map((row) => `total(v${row})`).join(', ')}));
${own
  .map(
    (row, at) => `  store(i + ${row * workgroup}u, sum + p${four}.before[${at}] + ${running(vector, `v${row}`)});
  sum += p${four}.all[${at}];`,
  )
  .join('\n')}`
  })
  .join('\n')}
}
`
}

/** WGSL: `prefix`, the sum over the invocations before this one, and over all. */
function prefixShader(workgroup: number, type: string): string {
  return `
var<workgroup> scratch: array<${type}, ${workgroup}>;

struct Prefix { before: ${type}, all: ${type} }

fn prefix(local: u32, value: ${type}) -> Prefix {
  workgroupBarrier();
  scratch[local] = value;
  var add = ${type}();
${unrolled(
  Math.log2(workgroup),
  (at) => `  workgroupBarrier();
  add = ${type}();
  if (local >= ${1 << at}u) { add = scratch[local - ${1 << at}u]; }
  workgroupBarrier();
  scratch[local] += add;`,
)}
  workgroupBarrier();
  var before = ${type}();
  if (local > 0u) { before = scratch[local - 1u]; }
  return Prefix(before, scratch[${workgroup - 1}u]);
}
`
}

const parts = (vector: number, name: string): readonly string[] =>
  vector === 1 ? [name] : Array.from({ length: vector }, (_, at) => `${name}[${at}]`)

/** The first `rest` elements of `z`, and zeros. */
const firstOf = (vector: number, rest: number): string =>
  parts(vector, 'z')
    .map((one, at) => (at < rest ? one : '0f'))
    .join(', ')

/** The running sums of a vector. */
function running(vector: number, name: string): string {
  if (vector === 1) return name
  const sums = parts(vector, name).map((_, at, all) => all.slice(0, at + 1).join(' + '))
  return `vec${vector}f(${sums.join(', ')})`
}
