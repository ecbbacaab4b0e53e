/** An element of XML 1.0 as text; `content` is text that is written out, or elements that already are. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content: string | readonly string[] = [],
): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined)
  const written = given.map(([key, value]) => ` ${key}="${escaped(String(value), 'attribute')}"`).join('')
  if (content.length === 0) return `<${name}${written}/>\n`
  const inside = typeof content === 'string' ? escaped(content, 'text') : `\n${content.join('')}`
  return `<${name}${written}>${inside}</${name}>\n`
}

// Everything that is no Char of XML 1.0 (https://www.w3.org/TR/xml/#charsets), a lone surrogate included, is shown as U+FFFD.
const forbidden = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Tabs and line ends by number where a parser would make spaces of them. */
function escaped(text: string, place: 'attribute' | 'text'): string {
  return Bun.stripANSI(text)
    .replace(forbidden, '\ufffd')
    .replace(
      place === 'attribute' ? /[&<>"\t\r\n]/g : /[&<>\r]/g,
      (char) => entities[char] ?? `&#${char.charCodeAt(0)};`,
    )
}
