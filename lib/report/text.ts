/**
 * Text from anywhere as one line that no terminal acts on: escape sequences are gone, of a line that was overwritten
 * (`\r`, as progress bars do) the last writing is left, any other control character becomes a space, and a character that
 * turns the direction of writing is shown as `�`.
 */
export function oneLine(text: string): string {
  if (printable.test(text)) return text.trimEnd()
  const plain = Bun.stripANSI(text).toWellFormed()
  const shown = plain.split('\r').findLast((part) => part.trim() !== '') ?? ''
  return shown
    .replace(/[\p{Bidi_Control}\ufeff]/gu, '\ufffd')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trimEnd()
}

// Most text: nothing to look for in it.
const printable = /^[ -~]*$/

/** The lines of a text from anywhere, each as `oneLine` has it; none that is empty. */
export function linesOf(text: string): readonly string[] {
  return text.split('\n').map(oneLine).filter(Boolean)
}

/** In terminal cells; a wide character takes two. */
export const widthOf = (text: string): number => Bun.stringWidth(text)

/** `text` in at most `width` cells, the cut shown by `…`. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  if (width < 1) return ''
  // Where characters join into one, a part may be wider than its share of the whole.
  for (let room = width - 1; ; room--) {
    const part = `${Bun.sliceAnsi(text, 0, room)}…`
    if (room === 0 || widthOf(part) <= width) return part
  }
}

/** `text` filled up with spaces to `width` cells. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** `text` in lines of at most `width` cells, broken at spaces; a longer word (a path, an address) stays whole to be copied. */
export function wrap(text: string, width: number): readonly string[] {
  const [first = '', ...words] = text.split(' ')
  const lines: string[] = []
  let line = first
  for (const word of words) {
    // Never after spaces alone: those are how far in the text stands.
    if (line.trim() !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else line = `${line} ${word}`
  }
  return [...lines, line]
}
