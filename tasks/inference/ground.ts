import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { cannot, messageOf } from '../../lib/index.ts'
import type { S3 } from '../object-store/client.ts'
import { isImageKey } from '../pipeline/black-box-objects.ts'
import type { StageContext } from '../pipeline/black-box-start.ts'
import { forEachBounded } from '../pipeline/stage/bounded.ts'
import { s3Uri } from '../pipeline/uri.ts'
import type { Place } from './documents.ts'
import type { InferenceReport } from './report.ts'
import type { InferenceStore, ModelAsked } from './run.ts'

const atOnce = 4

/** The images under a prefix: those of which every pixel can be decoded, and the others. */
export async function readImages(
  s3: S3,
  { bucket, prefix }: Place,
): Promise<Pick<InferenceReport, 'sources' | 'corrupt'>> {
  const [{ inspect }, { openImage }] = await Promise.all([import('../images/inspect.ts'), import('../images/read.ts')])
  const keys = (await s3.list(bucket, prefix)).map(({ key }) => key).filter(isImageKey)
  const sizes = new Map<string, { width: number; height: number }>()
  await forEachBounded(keys, atOnce, async (key) => {
    const bytes = await s3.get(bucket, key)
    try {
      await inspect(bytes, key)
      const { width, height } = (await openImage(bytes, key, 'read')).metadata.autoOrient
      sizes.set(key, { width, height })
    } catch {
      // What can't be decoded is counted by the inference as an error: it belongs to the test.
    }
  })
  const sources = keys.flatMap((key) => {
    const size = sizes.get(key)
    return size ? [{ uri: s3Uri(bucket, key), ...size }] : []
  })
  return { sources, corrupt: keys.filter((key) => !sizes.has(key)).map((key) => s3Uri(bucket, key)) }
}

/** A prefix of the run's own under which neither bucket holds anything, not even from an attempt that was cut short. */
export async function cleanPrefix({ s3, bucket, prefix }: InferenceStore): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const place = `${prefix}inference${attempt === 1 ? '' : `-${attempt}`}/`
    const there = await Promise.all([bucket('output'), bucket('hitl')].map((name) => s3.list(name, place)))
    if (there.flat().length === 0) return place
  }
}

/** An empty folder to use as local disk, the same one for every attempt of a step; on the disk of `nvme` where that is given. */
export async function scratchFolder({ folder }: StageContext, nvme: string | undefined): Promise<string> {
  if (folder === undefined) return mkdtemp(join(nvme ?? tmpdir(), 'assay-inference-'))
  const own = join(folder, 'inference')
  const scratch = nvme === undefined ? own : join(nvme, `assay-inference-${Bun.hash(own).toString(36)}`)
  await rm(scratch, { recursive: true, force: true })
  await mkdir(scratch)
  return scratch
}

const infoFile = 'model_info.json'

/** The model's classes, by whoever registered it or by what lies beside its weights. */
export async function classesOf(model: ModelAsked): Promise<readonly string[] | undefined> {
  if (model.kind === 'registered') return model.classes
  try {
    const text = await readFile(join(model.path, infoFile), 'utf8')
    return v.parse(v.object({ classes: v.array(v.string()) }), JSON.parse(text)).classes
  } catch (error) {
    const value = `${model.path} (${messageOf(error)})`
    throw cannot('run the inference', 'model', `a folder with ${infoFile}, as a training leaves it`, value)
  }
}
