import { statfs } from 'node:fs/promises'
import * as v from 'valibot'
import type { TreeUsage } from '../resources/tree-usage.ts'
import { runStage, StageReport } from './black-box.ts'
import type { StageContext, StageName, StageRun } from './black-box-start.ts'
import { judgeStage } from './judge.ts'
import { sampleStage } from './sample-stage.ts'

/** True, or why it can't be seen from outside. */
const sight = v.union([v.literal(true), v.string()])

/** A stage run over its images with everything watched, and what of it shows when nothing but the clock is. */
export const StageTrial = v.object({
  report: StageReport,
  sees: v.object({
    /** That it is done. */
    end: sight,
    /** What its processes take of memory and CPU. */
    resources: sight,
    /** What they write to local disk. */
    disk: sight,
    /** How long its uploads take. */
    uploads: sight,
  }),
})
export type StageTrial = v.InferOutput<typeof StageTrial>

/** Runs a stage twice: watched, for all that is to be judged, and as samples are taken, for what can be seen then. */
export async function tryStage(stage: StageName, run: StageRun, context: StageContext): Promise<StageTrial> {
  const report = await runStage(stage, { ...run, mode: 'once' }, context)
  const nothing = whyNot(report)
  if (nothing !== undefined)
    return { report, sees: { end: nothing, resources: nothing, disk: nothing, uploads: nothing } }
  const { sources } = report
  const time = async <T>(operation: () => T) => ({ seconds: 0, value: await operation() })
  const { usage, uploads } = await sampleStage({ stage, run, sources, known: new Map(), time }, context)
  // Each content once: a file that was renamed is seen twice.
  const staged = new Map(report.files.map(({ content }) => [content?.sha256, content?.bytes ?? 0]))
  const bytes = [...staged.values()].reduce((sum, one) => sum + one, 0)
  const hidden = await hiddenWork(usage, bytes, run.nvme ?? context.folder ?? '.')
  const seen = uploads.kind === 'seen' || uploads.reason
  return { report, sees: { end: true, resources: hidden.resources, disk: hidden.disk, uploads: seen } }
}

function whyNot(report: StageReport): string | undefined {
  if (report.ended.stop !== 'by itself')
    return 'it does not end by itself with MODE=once, so nobody can tell when it was done'
  if (judgeStage(report).some(({ verdict }) => verdict === 'fail')) return 'what it left is wrong, and so has no speed'
  return undefined
}

const tmpfs = 0x01021994 // TMPFS_MAGIC of linux/magic.h

/** Whether the kernel's count of what its processes wrote can hold what was seen to come to local disk. */
export async function hiddenWork({ memory, written }: TreeUsage, staged: number, disk: string) {
  const seen = (resources: true | string, disk: true | string) => ({ resources, disk })
  if (memory === undefined || written === undefined) {
    const reason = 'only Linux shows what a tree of processes takes'
    return seen(reason, reason)
  }
  if ((await statfs(disk)).type === tmpfs) return seen(true, 'NVME_ROOT is in memory (tmpfs), not on a disk')
  if (written < staged) {
    const reason = `it works out of sight, as in a container: its processes wrote ${written} of ${staged} bytes that came to NVME_ROOT`
    return seen(reason, reason)
  }
  return seen(true, written > 0 || 'its processes wrote nothing to a disk')
}
