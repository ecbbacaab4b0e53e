import * as v from 'valibot'
import { integer, oneOf, type Param, param, path } from '../../lib/index.ts'
import { fits, sizeList } from '../images/sizes.ts'
import { defaultBuckets } from './environment.ts'

const word = (help: string, env: string, value: string): Param<string> =>
  param(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]*$/, 'letters, digits, dots, dashes and underscores')), {
    default: value,
    help,
    env,
  })

export const bucket = (help: string, env: string, value: string): Param<string> =>
  param(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/, 'a bucket name of 3 to 63 letters')), {
    default: value,
    help,
    env,
  })

export const prefix = (help: string, env: string): Param<string> =>
  param(v.pipe(v.string(), v.regex(/^$|^[^/].*\/$/s, "empty or ending in '/' and not beginning with it")), {
    default: '',
    help,
    env,
  })

/** A decimal number of at least `min`, in the unit that `what` says. */
export function decimal(what: string, min: number, value: string, help: string, env?: string): Param<number> {
  const rule = `${what} from ${min}`
  const schema = v.pipe(v.string(), v.regex(/^\d+(\.\d+)?$/, rule), v.transform(Number), v.minValue(min, rule))
  return param(schema, { default: value, help, env })
}

/** What both stages read, each a flag of `bun run task` and a variable of the stage contract. */
export const commonOptions = {
  outputPrefix: prefix('what every output key begins with', 'OUTPUT_PREFIX'),
  manifestBucket: bucket(
    'bucket of the manifests and processed marks',
    'MANIFEST_STORE_BUCKET',
    defaultBuckets.manifests,
  ),
  dataset: word('name of the data set in the manifests', 'DATASET_ID', 'default'),
  mode: oneOf(['once', 'poll'], 'once', 'once: what is there now; poll: go on looking until told to stop', {
    env: 'MODE',
  }),
  pollInterval: decimal('seconds', 0.01, '5', 'seconds between two looks at the prefix', 'POLL_INTERVAL'),
  nvmeRoot: path('.assay/nvme', 'folder on fast local disk for input, work, output and cache', { env: 'NVME_ROOT' }),
  nvmeMinGb: decimal('gigabytes', 0, '1', 'gigabytes that must be free there', 'NVME_MIN_GB'),
} as const

/** Stage 1: `RAW_BUCKET`/`RAW_PREFIX` → `AUGMENTED_BUCKET`/`OUTPUT_PREFIX`. */
export const stage1Options = {
  inputBucket: bucket('bucket that images are read from', 'RAW_BUCKET', defaultBuckets.raw),
  inputPrefix: prefix('what the keys of its images begin with', 'RAW_PREFIX'),
  outputBucket: bucket('bucket that augmented images are written to', 'AUGMENTED_BUCKET', defaultBuckets.augmented),
  ...commonOptions,
  seed: integer(1, 'the same seed and source give the same bytes', { env: 'SEED', max: 2 ** 32 - 1 }),
  variants: integer(3, 'augmented images made of each source', { env: 'VARIANTS', min: 1, max: 1000 }),
} as const

/** Stage 2: `AUGMENTED_BUCKET`/`INPUT_PREFIX` → `NORMALIZED_BUCKET`/`OUTPUT_PREFIX`. */
export const stage2Options = {
  inputBucket: bucket('bucket that images are read from', 'AUGMENTED_BUCKET', defaultBuckets.augmented),
  inputPrefix: prefix('what the keys of its images begin with', 'INPUT_PREFIX'),
  outputBucket: bucket('bucket that normalized images are written to', 'NORMALIZED_BUCKET', defaultBuckets.normalized),
  ...commonOptions,
  sizes: sizeList('1080p,720p,480p', { env: 'NORMALIZE_SIZES' }),
  fit: oneOf(fits, 'contain', 'how WIDTHxHEIGHT is filled: contain pads, cover crops, fill stretches', {
    env: 'NORMALIZE_FIT',
  }),
  background: param(v.pipe(v.string(), v.regex(/^#[0-9a-f]{6}$/i, 'a colour like #ffffff'), v.toLowerCase()), {
    default: '#ffffff',
    help: 'colour that alpha is flattened on and contain pads with',
    env: 'NORMALIZE_BACKGROUND',
  }),
  quality: integer(85, 'JPEG quality', { env: 'NORMALIZE_QUALITY', min: 1, max: 100 }),
} as const
