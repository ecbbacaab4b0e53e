/** Rows of tiles that are gone through together. */
const band = 8

/**
 * WGSL: `tileOf`, which tile a workgroup makes (row, column) by its place in the order in which they start: down a column of eight, then the next
 * column. The workgroups that run at once then share fewer tiles of A and B, and find more of them in the card's cache, than in rows.
 */
export function raster(down: number, across: number): string {
  return `
fn tileOf(group: vec3<u32>) -> vec2<u32> {
  let order = group.y * ${across}u + group.x;
  let above = order / ${band * across}u * ${band}u;
  let high = min(${down}u - above, ${band}u);
  return vec2(above + order % ${band * across}u % high, order % ${band * across}u / high);
}
`
}
