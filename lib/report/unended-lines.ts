import type { RunRecord } from '../record/run-record.ts'
import { type Page, type Row, rowLines, under } from './page.ts'
import { oneLine } from './text.ts'

/** Of a run without its end, the selected steps that have none either; `goesOn` tells whether it may still come. */
export function unendedLines({ steps }: RunRecord, goesOn: boolean, page: Page): readonly string[] {
  return steps.flatMap(({ name, selected, startedAt, because, ended }) => {
    if (!selected || ended !== undefined) return []
    const row: Pick<Row, 'mark' | 'style' | 'words'> =
      startedAt === undefined
        ? { mark: '–', style: 'dim', words: goesOn ? 'has not run yet' : 'had not run' }
        : { mark: '…', style: 'yellow', words: goesOn ? 'is running' : 'was running when the run was killed' }
    const why = because === undefined ? [] : under(`because ${oneLine(because)}`, page, '', 'dim')
    return [...rowLines({ ...row, name: oneLine(name), right: '' }, page), ...why]
  })
}
