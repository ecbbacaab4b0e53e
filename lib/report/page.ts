import { styleText } from 'node:util'
import { fit, pad, widthOf, wrap } from './text.ts'

type Style = Parameters<typeof styleText>[0]

/** What lines are laid out for. */
export interface Page {
  /** Cells that a line may take. */
  readonly columns: number
  /** Cells that names are filled up to. */
  readonly names: number
  /** Lines are cut to `columns`; otherwise nothing is ever left out. */
  readonly cut: boolean
  paint(style: Style, text: string): string
}

/** Colours where they are wanted. */
export function painter(color: boolean): Page['paint'] {
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/** One line on one thing: a mark, its name, a few words on it, and something at the right. */
export interface Row {
  readonly mark: string
  readonly name: string
  readonly words: string
  readonly right: string
  /** Of the mark. */
  readonly style: Style
}

const gap = 2
const markRoom = 4

export function rowLine({ mark, name, words, right, style }: Row, { columns, names, cut, paint }: Page): string {
  const room = Math.max(1, columns - markRoom - (right === '' ? 0 : widthOf(right) + gap))
  const shownName = cut ? fit(name, room) : name
  const named = words === '' ? shownName : pad(shownName, names)
  const left = room - widthOf(named) - gap
  const shownWords = cut ? fit(words, left >= Math.min(8, widthOf(words)) ? left : 0) : words
  const text = shownWords === '' ? shownName : `${named}${' '.repeat(gap)}${shownWords}`
  const end = right === '' ? '' : `${' '.repeat(gap)}${paint('dim', right)}`
  return `  ${paint(style, mark)} ${right === '' ? text : pad(text, room)}${end}`
}

/** A row that stays: what does not fit into its line stands under it. */
export function rowLines(row: Row, page: Page): readonly string[] {
  const fits = !page.cut || widthOf(rowLine(row, { ...page, cut: false })) <= page.columns
  return fits ? [rowLine(row, page)] : [rowLine({ ...row, words: '' }, page), ...under(row.words, page)]
}

/** Text behind `lead`; its later lines stand as far in as its first. */
export function hanging(lead: string, text: string, { columns, cut, paint }: Page, style?: Style): readonly string[] {
  const inside = widthOf(lead)
  const lines = cut ? wrap(text, Math.max(20, columns - inside)) : [text]
  return lines.map((line, index) => {
    const painted = style === undefined ? line : paint(style, line)
    return `${index === 0 ? lead : ' '.repeat(inside)}${painted}`
  })
}

/** Text that stands under a row. */
export function under(text: string, page: Page, lead = '', style?: Style): readonly string[] {
  return hanging(`      ${lead}`, text, page, style)
}
