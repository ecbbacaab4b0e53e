/** A piece of a page. Only `html` makes one from text, and it escapes what it is given. */
export interface Html {
  readonly markup: string
}

/** What may stand in a template: text is escaped, pieces stand as they are, what is absent is nothing. */
export type Part = string | number | Html | undefined | readonly Html[]

/** A piece of a page from a template of ours, whose parts may hold anything, in text and between the quotes of an attribute. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0] ?? ''
  for (const [index, part] of parts.entries()) markup += markupOf(part) + (strings[index + 1] ?? '')
  return { markup }
}

/** A drawing of numbers that a library made, in which no text of a run is. */
export function drawn(markup: string): Html {
  return { markup }
}

function markupOf(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return escaped(part)
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What turns the direction of writing, or is in no document, is shown as `�`. */
const unseen = /[\p{Bidi_Control}\ufeff]|(?![\n\t])\p{Cc}/gu

function escaped(text: string): string {
  if (harmless.test(text)) return text
  return text
    .toWellFormed()
    .replace(unseen, '\ufffd')
    .replace(/[&<>"']/g, (letter) => entities[letter] ?? '')
}

// Most text: nothing to look for in it.
const harmless = /^[\w .,:/()-]*$/

/** The address of a file by names that may hold anything, below `folder`, which is one already and ends in a slash or is empty. */
export function address(folder: string, path: string): string {
  const names = path.split('/').map((name) => encodeURIComponent(name.toWellFormed()).replaceAll("'", '%27'))
  // `a:b` alone would be read as an address of the scheme `a`; encodeURIComponent leaves no colon.
  return folder + names.join('/')
}
