/** WGSL of what a workgroup does with one tile `t`; `now` and `next` are the halves of workgroup memory that it reads and fills. */
export interface TileWork {
  /** From storage into registers, so that it is under way while something else is done. */
  readonly fetch: string
  /** From registers into workgroup memory. */
  readonly store: string
  readonly multiply: string
}

/** The loop over tiles: with one stage each is brought in, then multiplied; with two the next is on its way meanwhile. */
export function staged(stages: number, tiles: number, { fetch, store, multiply }: TileWork): string {
  if (stages === 1)
    return `  for (var t = 0u; t < ${tiles}u; t++) {
    let now = 0u;
    let next = 0u;
${fetch}
    workgroupBarrier();
${store}
    workgroupBarrier();
    {
${multiply}
    }
  }`
  return `  {
    let t = 0u;
    let next = 0u;
${fetch}
${store}
  }
  workgroupBarrier();
  for (var s = 0u; s < ${tiles}u; s++) {
    let t = s + 1u;
    let now = s % 2u;
    let next = t % 2u;
    if (t < ${tiles}u) {
${fetch}
    }
    {
${multiply}
    }
    if (t < ${tiles}u) {
${store}
    }
    workgroupBarrier();
  }`
}
