import fc from 'fast-check'
import { type Edit, edited, edits } from './edit.ts'
import type { Verdict } from './fuzz.ts'

/** What is done to a journal, and what its reader must do with it then; undefined: either, if it is honest. */
export interface Damage {
  readonly text: string
  readonly must: Verdict | undefined
}

export type Change =
  | { readonly how: 'nothing' | 'drop' | 'double' | 'swap' | 'newer' | 'cut' | 'hole'; readonly at: number }
  | { readonly how: 'junk'; readonly at: number; readonly junk: string }
  | { readonly how: 'byte'; readonly at: number; readonly byte: number }
  | { readonly how: 'edit'; readonly at: number; readonly edit: Edit }
  | { readonly how: 'unknown field'; readonly at: number }

export const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ how: fc.constantFrom('nothing', 'drop', 'double', 'swap', 'newer', 'cut', 'cut', 'hole'), at: fc.nat() }),
  fc.record({
    how: fc.constant('junk'),
    at: fc.nat(),
    junk: fc.constantFrom(
      '',
      ' ',
      'null',
      '[]',
      '{}',
      'NaN',
      '"passed"',
      '\ufeff',
      '{"event":"step-ended"}',
      '{"event":',
    ),
  }),
  fc.record({ how: fc.constant('byte'), at: fc.nat(), byte: fc.nat(255) }),
  fc.record({ how: fc.constant('edit'), at: fc.nat(), edit: edits }),
  fc.record({ how: fc.constant('edit'), at: fc.nat(), edit: edits }),
  fc.record({ how: fc.constant('unknown field'), at: fc.nat() }),
)

export function damaged(journal: string, change: Change): Damage {
  const lines = journal.split('\n').slice(0, -1)
  const at = change.at % lines.length
  const line = lines[at] ?? ''
  const joined = (some: readonly string[]) => some.map((one) => `${one}\n`).join('')
  const replaced = (text: string) => joined(lines.with(at, text))
  switch (change.how) {
    case 'nothing':
      return { text: journal, must: 'accepted' }
    case 'drop':
      return {
        text: joined(lines.toSpliced(at, 1)),
        must: at > 0 ? 'accepted' : lines.length > 1 ? 'refused' : 'accepted',
      }
    case 'double':
      return { text: joined(lines.toSpliced(at, 0, line)), must: 'accepted' }
    case 'swap': {
      const other = lines[at + 1]
      if (other === undefined) return { text: journal, must: 'accepted' }
      return { text: joined(lines.toSpliced(at, 2, other, line)), must: at === 0 ? 'refused' : 'accepted' }
    }
    case 'newer':
      return { text: replaced(line.replace('{', '{"schema":2,').replace(/"schema":1,/, '')), must: 'refused' }
    case 'cut':
      return { text: journal.slice(0, change.at % (journal.length + 1)), must: 'accepted' }
    case 'hole': {
      const start = change.at % (journal.length + 1)
      return { text: `${journal.slice(0, start)}${'\0'.repeat(9)}${journal.slice(start + 9)}`, must: 'accepted' }
    }
    case 'junk':
      return { text: joined(lines.toSpliced(at, 0, change.junk)), must: 'refused' }
    case 'byte': {
      const bytes = Buffer.from(journal)
      bytes[change.at % bytes.length] = change.byte
      return { text: bytes.toString(), must: undefined }
    }
    case 'edit':
      return { text: replaced(JSON.stringify(edited(JSON.parse(line), change.edit))), must: undefined }
    case 'unknown field':
      return { text: replaced(line.replace('{', '{"a-later-field":{"x":1},')), must: 'accepted' }
  }
}
