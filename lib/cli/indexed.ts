import { join } from 'node:path'
import type { RunIndex } from '../record/index-queries.ts'
import { withRunIndex } from '../record/run-index.ts'
import type { Places } from './places.ts'

/** What `use` finds in the index of this repository's runs, which is kept in `.assay` beside them. `use` may be called twice. */
export function indexed<T>({ runs, cache }: Places, tell: (line: string) => void, use: (index: RunIndex) => T): T {
  return withRunIndex({ runs, file: join(cache, 'history.sqlite'), tell: (text) => tell(`${text}\n`) }, use)
}
