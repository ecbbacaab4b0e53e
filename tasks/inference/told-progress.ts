import * as v from 'valibot'
import { pythonJson } from '../training/steps/progress.ts'

/** What the reference inference says on the descriptor that `PROGRESS_FD` names, as far as it is summed up here. */
const ProgressLine = v.variant('event', [
  v.object({ event: v.literal('model'), name: v.string(), version: v.string() }),
  v.object({ event: v.literal('step'), uri: v.string() }),
  v.object({ event: v.literal('failed'), uri: v.string(), reason: v.string() }),
  v.object({ event: v.literal('annotated'), uri: v.string(), images: v.number() }),
  v.object({ event: v.literal('ended'), how: v.string(), reason: v.optional(v.string()) }),
])

export interface Sum {
  model?: { readonly name: string; readonly version: string }
  predicted: number
  failed: number
  /** URIs of what was written, reviews too. */
  readonly written: string[]
  /** The sentence that it refused with. */
  refused?: string | undefined
}

/** Sums up line by line; `tell` gets how far it is. */
export function summing(tell: (text: string) => void) {
  const sum: Sum = { predicted: 0, failed: 0, written: [] }
  const hear = (text: string) => {
    const parsed = v.safeParse(ProgressLine, pythonJson(text))
    if (!parsed.success) return // of no interest here
    const line = parsed.output
    if (line.event === 'model') sum.model = { name: line.name, version: line.version }
    if (line.event === 'step') sum.predicted += 1
    if (line.event === 'failed') sum.failed += 1
    if (line.event === 'annotated') sum.written.push(line.uri)
    if (line.event === 'ended' && line.how === 'refused') sum.refused = line.reason ?? 'the inference refused'
    if (line.event === 'step') tell(`${sum.predicted} predicted`)
  }
  return { sum, hear }
}
