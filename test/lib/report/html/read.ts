/** What a parser of HTML finds in a page. */
export interface Read {
  /** As a reader sees it, entities resolved; without the style. */
  readonly text: string
  readonly tags: ReadonlySet<string>
  readonly attributes: ReadonlySet<string>
  readonly links: readonly string[]
  readonly ids: readonly string[]
}

export function readHtml(page: string): Read {
  let text = ''
  const tags = new Set<string>()
  const attributes = new Set<string>()
  const links: string[] = []
  const ids: string[] = []
  new HTMLRewriter()
    .on('*', {
      element(element) {
        tags.add(element.tagName)
        for (const [name = '', value = ''] of element.attributes) {
          attributes.add(name)
          if (name === 'id') ids.push(value)
          // Whatever a browser would follow or load.
          if (/^(?:href|src|srcset|action|formaction|data|poster|xlink:href)$/.test(name)) links.push(value)
        }
      },
    })
    .onDocument({
      text(chunk) {
        text += chunk.text
      },
    })
    .transform(page)
  const from = Math.max(0, text.indexOf('\n', text.indexOf('@media print') >>> 0))
  return { text: resolved(text.slice(from)), tags, attributes, links, ids }
}

const characters: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }

function resolved(text: string): string {
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => characters[name] ?? '')
}
