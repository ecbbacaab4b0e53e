import { Failure } from '../../lib/index.ts'
import type { ObjectInfo } from '../object-store/client.ts'
import { isImageKey, readOutputs } from './black-box-objects.ts'
import { type Ground, type StageName, type StageRun, sizeNames } from './black-box-start.ts'
import type { OutputObject, SourceImage, StageEnd } from './evidence.ts'
import type { ObjectWatch } from './evidence-objects.ts'
import { judgeStage } from './judge.ts'
import { s3Uri } from './uri.ts'

/** Outputs that were decoded before, by their ETag, which tells content apart: a stage that makes the same again is not read again. */
export type KnownOutputs = Map<string, OutputObject>

export interface Verified {
  readonly stage: StageName
  readonly run: StageRun
  readonly ground: Ground
  readonly ended: StageEnd
  readonly sources: readonly SourceImage[]
  readonly objects: ObjectWatch
}

/** Throws a Failure unless a run of a stage left every image in every size, each decodable, and true manifests: a wrong answer has no speed. */
export async function verifySample(
  { stage, run, ground, ended, sources, objects }: Verified,
  known: KnownOutputs,
): Promise<void> {
  const { output } = ground
  const all = [...objects.objects().values()]
  const isKnown = ({ key, etag }: ObjectInfo) => isImageKey(key) && known.has(etag)
  const manifests = objects.manifests().map(({ before, ...manifest }) => manifest)
  const named = manifests.flatMap((found) => (found.kind === 'valid' ? found.objects.map((o) => o.output_uri) : []))
  const fresh = await readOutputs({
    s3: run.store.s3,
    ...output,
    objects: all.filter((object) => !isKnown(object)),
    named: new Set(named),
    arrival: objects.arrival,
  })
  for (const one of fresh) if (one.image.kind === 'decoded') known.set(one.etag, one)
  const again = all.filter(isKnown).flatMap(({ key, etag }) => {
    const one = known.get(etag)
    return one ? [{ ...one, uri: s3Uri(output.bucket, key), path: key.slice(output.prefix.length) }] : []
  })
  const seen = new Map([...again, ...fresh].map((one) => [one.uri, one]))
  const findings = judgeStage({
    stage,
    mode: 'once',
    sizes: sizeNames(run).join(','),
    output,
    ended,
    sources: [...sources],
    outputs: [...seen.values()],
    manifests,
  })
  const broken = findings.flatMap((one) => (one.verdict === 'fail' ? [`${one.name}: ${one.actual ?? one.reason}`] : []))
  if (broken.length > 0) throw new Failure(`What ${stage} left is wrong, and so has no speed: ${broken.join('; ')}`)
}
