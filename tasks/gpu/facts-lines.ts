import type { DeviceFacts } from './kernel.ts'
import type { ToggleSeen } from './worker/answers.ts'

/** What a person mostly asks of a device, a line each. Of its toggles, those whose effect is seen. */
export function factsLines(facts: DeviceFacts, toggles: readonly ToggleSeen[]): readonly string[] {
  const { name, driver, backend, features, limits, subgroups, matrices } = facts
  const { maxBufferSize, maxComputeInvocationsPerWorkgroup: most, maxComputeWorkgroupStorageSize: shared } = limits
  const rows = [
    ['adapter', name],
    ['driver', `${driver}, ${backend}`],
    ['features', features.join(', ')],
    ['a buffer', `at most ${sizeText(maxBufferSize)}`],
    ['a workgroup', `at most ${most ?? 'untold'} invocations, which share ${sizeText(shared)}`],
    ['subgroups', `${subgroups.least} to ${subgroups.most} invocations`],
    ['matrices', matrices.map(matrixText).join(', ')],
    ['toggles', toggles.flatMap(({ name, asked, seen }) => (seen === 'yes' ? [`${name} ${asked}`] : [])).join(', ')],
  ] as const
  return rows.map(([what, words]) => `${what.padEnd(13)}${words || 'none'}`)
}

function matrixText({ component, result, m, n, k }: DeviceFacts['matrices'][number]): string {
  return `${component} to ${result} ${m}×${n}×${k}`
}

function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return 'untold'
  const [size, unit] = bytes >= 2 ** 30 ? [2 ** 30, 'GiB'] : [2 ** 10, 'KiB']
  return `${Number((bytes / size).toPrecision(4))} ${unit}`
}
