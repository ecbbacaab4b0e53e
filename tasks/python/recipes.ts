import { fileURLToPath } from 'node:url'

/** What an environment takes, in bytes, about. */
export interface Size {
  readonly download: number
  readonly disk: number
}

/** What an environment is made of. */
export interface Recipe {
  readonly name: string
  /** A file of pinned packages with their hashes: all that is installed, but torch. */
  readonly lock: string
  /** What it must be able to import. */
  readonly modules: readonly string[]
  readonly size: Size
  readonly torch?: TorchRecipe
}

export interface TorchRecipe {
  /** Pins torch as the default index has it, with all that build needs. */
  readonly lock: string
  /** What it takes besides the rest, in its CPU build and as the default index has it. */
  readonly cpu: Size
  readonly full: Size
}

export type EnvironmentName = 'train' | 'mlflow'

const MB = 1e6
const GB = 1e9

const torch: TorchRecipe = {
  lock: fileURLToPath(new URL('./locks/torch.txt', import.meta.url)),
  cpu: { download: 200 * MB, disk: 800 * MB },
  // Measured with torch 2.15.0; elsewhere the default index has no CUDA build.
  full: process.platform === 'linux' ? { download: 3 * GB, disk: 5.4 * GB } : { download: 100 * MB, disk: 500 * MB },
}

export const recipes: Readonly<Record<EnvironmentName, Recipe>> = {
  train: {
    name: 'train',
    lock: fileURLToPath(new URL('./locks/train.txt', import.meta.url)),
    modules: ['torch', 'numpy', 'PIL', 'sklearn', 'boto3', 'safetensors'],
    size: { download: 100 * MB, disk: 450 * MB },
    torch,
  },
  mlflow: {
    name: 'mlflow',
    lock: fileURLToPath(new URL('./locks/mlflow.txt', import.meta.url)),
    modules: ['mlflow', 'flask', 'sqlalchemy', 'psutil'],
    size: { download: 200 * MB, disk: 850 * MB },
  },
}

/** uv in an environment of ours, where there is none on PATH. */
export const uvRecipe: Recipe = {
  name: 'uv',
  lock: fileURLToPath(new URL('./locks/uv.txt', import.meta.url)),
  modules: ['uv'],
  size: { download: 20 * MB, disk: 80 * MB },
}
