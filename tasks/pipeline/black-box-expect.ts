import { Failure } from '../../lib/index.ts'
import type { Observed } from './black-box-observe.ts'
import type { FoundManifest, ManifestEntry, SourceImage, StageEnd } from './evidence.ts'
import type { ObjectWatch } from './evidence-objects.ts'

/** Whether manifests and bucket hold all that `sources` should become: `each` objects of each, or equally many where that is not known. */
export function isComplete(
  sources: readonly SourceImage[],
  each: number | undefined,
  { objects }: Observed,
  uriOf: (key: string) => string,
): boolean {
  const counts = new Map<string, number>()
  const named = new Map(entriesOf(objects.manifests()).map((entry) => [entry.output_uri, entry.source_uri]))
  const there = new Set([...objects.objects().keys()].map(uriOf))
  for (const [output, source] of named) {
    if (!there.has(output)) return false
    counts.set(source, (counts.get(source) ?? 0) + 1)
  }
  const wanted = each ?? Math.max(1, ...counts.values())
  return sources.every(({ uri }) => (counts.get(uri) ?? 0) >= wanted)
}

export function entriesOf(manifests: readonly FoundManifest[]): ManifestEntry[] {
  return manifests.flatMap((manifest) => (manifest.kind === 'valid' ? manifest.objects : []))
}

/** Throws when the stage came to an end of its own other than exit code 0, or was ended by somebody else. */
export function refuseCrash(stage: string, ended: StageEnd, last: readonly string[]): void {
  if (ended.stop !== 'by itself' || ended.code === 0) return
  throw stageFailure(stage, ended.signal ? `was ended by ${ended.signal}` : `exited with ${ended.code}`, last)
}

/** The stage is wrong: `what` it did, and the last lines of its log. */
export function stageFailure(stage: string, what: string, last: readonly string[]): Failure {
  const lines = last.map((line) => (line.length > 500 ? `${line.slice(0, 500)}…` : line)).filter((line) => line !== '')
  const said = lines.length > 0 ? `Its log ends:\n${lines.join('\n')}` : 'It has logged nothing.'
  return new Failure(`${stage} ${what}. ${said}`)
}

/** Whether the stage has neither written an object nor said that it did. */
export function madeNothing(watch: ObjectWatch): boolean {
  return watch.objects().size === 0 && entriesOf(watch.manifests()).length === 0
}
