import { blocksOf, type Shape, typeOf, unrolled } from './shape.ts'

/** The one workgroup that scans the sums of the blocks. */
const last = 256

/** Sums of blocks; what lies before each block; the running sums within each. An invocation takes `each` vectors that are neighbours. */
export function scanShaders(size: number, shape: Shape, group: string) {
  const { workgroup, vector, each } = shape
  const type = typeOf(shape)
  const [whole, rest] = [Math.floor(size / vector), size % vector]
  const blocks = blocksOf(size, shape)
  const head = `
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let block = ${group};
  let first = (block * ${workgroup}u + local) * ${each}u;
${unrolled(each, (at) => `  let v${at} = load(first + ${at}u);`)}
  let mine = ${Array.from({ length: each }, (_, at) => `total(v${at})`).join(' + ')};
`
  const load = `
fn load(i: u32) -> ${type} {
  if (i < ${whole}u) { return values[i]; }
  ${rest === 0 ? '' : `if (i == ${whole}u) { let z = values[i]; return ${type}(${part(vector, rest)}); }`}
  return ${type}();
}
fn total(v: ${type}) -> f32 { return ${parts(vector, 'v').join(' + ')}; }
`
  return {
    blocks: `
@group(0) @binding(0) var<storage, read> values: array<${type}>;
@group(0) @binding(1) var<storage, read_write> before: array<f32>;
${load}${prefixShader(workgroup)}${head}
  let sum = prefix(local, mine) + mine;
  if (local == ${workgroup - 1}u && block < ${blocks}u) { before[block] = sum; }
}
`,
    before: `
@group(0) @binding(0) var<storage, read_write> before: array<f32>;
${prefixShader(last)}
@compute @workgroup_size(${last})
fn main(@builtin(local_invocation_index) local: u32) {
  let first = min(local * ${Math.ceil(blocks / last)}u, ${blocks}u);
  let end = min(first + ${Math.ceil(blocks / last)}u, ${blocks}u);
  var mine = 0f;
  for (var i = first; i < end; i++) { mine += before[i]; }
  var sum = prefix(local, mine);
  for (var i = first; i < end; i++) { let here = before[i]; before[i] = sum; sum += here; }
}
`,
    within: `
@group(0) @binding(0) var<storage, read> values: array<${type}>;
@group(0) @binding(1) var<storage, read> before: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<${type}>;
${load}
fn store(i: u32, v: ${type}) {
  if (i < ${whole}u) { sums[i] = v; }
  ${rest === 0 ? '' : `if (i == ${whole}u) { ${unrolled(rest, (at) => `sums[i][${at}] = v[${at}];`)} }`}
}
${prefixShader(workgroup)}${head}
  var sum = prefix(local, mine);
  if (block < ${blocks}u) { sum += before[block]; }
${unrolled(each, (at) => `  store(first + ${at}u, sum + ${running(vector, `v${at}`)}); sum += total(v${at});`)}
}
`,
  }
}

/** WGSL: `prefix`, the sum over the invocations before this one. */
function prefixShader(workgroup: number): string {
  return `
var<workgroup> scratch: array<f32, ${workgroup}>;

fn prefix(local: u32, value: f32) -> f32 {
  scratch[local] = value;
  var add = 0f;
${unrolled(
  Math.log2(workgroup),
  (at) => `  workgroupBarrier();
  add = 0f;
  if (local >= ${1 << at}u) { add = scratch[local - ${1 << at}u]; }
  workgroupBarrier();
  scratch[local] += add;`,
)}
  workgroupBarrier();
  var before = 0f;
  if (local > 0u) { before = scratch[local - 1u]; }
  return before;
}
`
}

const parts = (vector: number, name: string): readonly string[] =>
  vector === 1 ? [name] : Array.from({ length: vector }, (_, at) => `${name}[${at}]`)

/** The first `rest` elements of `z`, and zeros. */
const part = (vector: number, rest: number): string =>
  parts(vector, 'z')
    .map((one, at) => (at < rest ? one : '0f'))
    .join(', ')

/** The running sums of a vector. */
function running(vector: number, name: string): string {
  if (vector === 1) return name
  const sums = parts(vector, name).map((_, at, all) => all.slice(0, at + 1).join(' + '))
  return `vec${vector}f(${sums.join(', ')})`
}
