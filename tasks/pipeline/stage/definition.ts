import type { Stage1Object, Stage2Object, StageNumber } from '../manifest.ts'

export type StageObject = Stage1Object | Stage2Object

/** What one stage does to one image; everything around it is the same for all stages. */
export interface StageDefinition {
  readonly stage: StageNumber
  /** Names everything besides the source that decides its outputs: an image made by another recipe is made again. */
  readonly recipe: string
  /** For the manifest's metadata and the log. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What is added to a source's key to name an object that belongs to it; the first that is there is fetched with it. */
  readonly sidecars?: readonly string[]
  make(source: StagedSource): Promise<readonly MadeImage[]>
}

export interface StagedSource {
  /** On local disk. */
  readonly path: string
  /** The key without the stage's input prefix. */
  readonly relative: string
  readonly uri: string
  /** The object that belongs to it, where there is one: what its key ends in, and its text. */
  readonly sidecar?: { readonly suffix: string; readonly text: string }
}

export interface MadeImage {
  /** Its key without the stage's output prefix; the first is the image itself. */
  readonly relative: string
  readonly bytes: Uint8Array
  readonly type: string
  /** An object written beside it. */
  readonly companion?: { readonly relative: string; readonly text: string }
  describe(uris: { readonly source_uri: string; readonly output_uri: string }): StageObject
}
