import type { DeviceFacts } from '../../../tasks/gpu/kernel.ts'

/** Workgroups for so many, in two dimensions where one of WebGPU's (65,535) does not hold them. */
export interface Grid {
  readonly groups: readonly [number, number, number]
  /** WGSL: the number of this workgroup, from `@builtin(workgroup_id) group: vec3u`. May be beyond the last. */
  readonly group: string
}

export function gridOf(workgroups: number, { limits }: Pick<DeviceFacts, 'limits'>): Grid {
  const most = limits.maxComputeWorkgroupsPerDimension ?? 65_535
  const rows = Math.ceil(workgroups / most)
  const columns = Math.ceil(workgroups / rows)
  return { groups: [columns, rows, 1], group: rows === 1 ? 'group.x' : `(group.y * ${columns}u + group.x)` }
}
