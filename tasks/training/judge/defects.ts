import * as v from 'valibot'
import { type Finding, holds, type StepContext } from '../../../lib/index.ts'
import { goOn, type TrainOptions } from '../train.ts'
import { Trained } from '../trained.ts'
import { judgeResume } from './judge-resume.ts'
import { bitForBit } from './resume-equals.ts'

/** What a checkpoint must hold, each left out by a defect of the reference training; the last trains while it validates. */
export const defects = [
  'skip-model',
  'skip-batchnorm',
  'skip-optimizer',
  'skip-scheduler',
  'skip-sampler',
  'skip-scaler',
  'skip-rng',
  'validation-trains',
] as const

export const Planted = v.object({ defect: v.picklist(['none', ...defects]), trained: Trained })
export type Planted = v.InferOutput<typeof Planted>

/** Goes on with a copy of what was left by `trainUntil`, with a defect in how that is done; `none` is the control. */
export async function trainWithDefect(
  defect: Planted['defect'],
  left: string,
  options: TrainOptions,
  context: StepContext,
): Promise<Planted> {
  const variables = defect === 'none' ? options.variables : { ...options.variables, ASSAY_DEFECT: defect }
  return { defect, trained: await goOn(left, { ...options, variables }, context) }
}

/** Each defect must make another training of it, and none the same one: or whoever finds no difference finds nothing. */
export function judgeDefects(unbroken: Trained, planted: readonly Planted[]): readonly Finding[] {
  return planted.map(({ defect, trained }) => {
    const findings = judgeResume(unbroken, trained, bitForBit)
    const seen = findings.flatMap((finding) => (finding.verdict === 'fail' ? [finding.reason] : []))
    return defect === 'none'
      ? holds('without a defect it is the same training', seen.length === 0, seen.join(', '))
      : holds(`${defect} is seen`, seen.length > 0, 'the training with it came to the same')
  })
}
