import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { entriesBelow, Failure, type Finding, holds, undecided, type WorkContext } from '../../lib/index.ts'
import type { InferenceReport } from '../inference/report.ts'
import type { ObjectStore } from '../object-store/service.ts'
import { isImageKey } from '../pipeline/black-box-objects.ts'
import type { Trained } from './trained.ts'

export const UploadedImages = v.object({ bucket: v.string(), prefix: v.string(), images: v.number() })
export type UploadedImages = v.InferOutput<typeof UploadedImages>

/** Puts some of the images that a training had staged, evenly chosen, where an inference reads; each lies in the folder of its class. */
export async function uploadStaged(
  store: ObjectStore,
  trained: Trained,
  count: number,
  { progress }: WorkContext,
): Promise<UploadedImages> {
  const folder = join(dirname(trained.series), 'nvme', 'input')
  const all = [...entriesBelow(folder)]
    .map(({ path }) => path)
    .filter(isImageKey)
    .sort()
  if (all.length === 0) throw new Failure(`the training staged no image in ${folder}`)
  const chosen = all.filter(
    (_, at) => Math.floor((at * count) / all.length) !== Math.floor(((at - 1) * count) / all.length),
  )
  const place = { bucket: store.bucket('inference'), prefix: `${store.prefix}inference-input/` }
  for (const path of chosen) await store.s3.put(place.bucket, place.prefix + path, readFileSync(join(folder, path)))
  progress(`${chosen.length} images`)
  return { ...place, images: chosen.length }
}

/** A model of that few classes which has learnt nothing is right once in as many. */
export function judgeAccuracy(report: InferenceReport, classes: number): Finding {
  const name = 'the model has learnt its classes'
  const predictions = report.documents.flatMap((found) => (found.kind === 'valid' ? found.predictions : []))
  if (predictions.length === 0) return undecided(name, 'there is no prediction')
  const right = predictions.filter(({ uri, category }) => uri.split('/').at(-2) === category).length
  const share = right / predictions.length
  return holds(name, share > 3 / classes, `${right} of ${predictions.length} predictions are right`)
}
