import { parseXML, XmlNode, XmlText } from '@aws-sdk/xml-builder'

export type Content = string | number | boolean | Fields
/** Elements in order; one whose content is undefined is left out. */
export type Fields = readonly (readonly [name: string, content: Content | undefined])[]

/** An XML document of S3; errors carry no namespace, everything else does. */
export function document(root: string, fields: Fields): string {
  const node = element(root, fields)
  if (root !== 'Error') node.addAttribute('xmlns', 'http://s3.amazonaws.com/doc/2006-03-01/')
  return `<?xml version="1.0" encoding="UTF-8"?>\n${node.toString()}`
}

function element(name: string, content: Content): XmlNode {
  if (typeof content !== 'object') return new XmlNode(name, [new XmlText(String(content))])
  const children = content.flatMap(([child, inner]) => (inner === undefined ? [] : [element(child, inner)]))
  return new XmlNode(name, children)
}

/** The content of a document's root element; undefined when it isn't well-formed or its root has another name. */
export function parseDocument(text: string, root: string): unknown {
  try {
    return wellFormed(text)[root]
  } catch {
    return undefined
  }
}

/** A document by the name of its root element; throws an error that says 'XML parse error' when it isn't well-formed. */
export function wellFormed(text: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = parseXML(withoutAstralReferences(text))
  return isRecord(parsed) ? parsed : {}
}

/** The contents of every child element of this name, in order. */
export function children(content: unknown, name: string): readonly unknown[] {
  if (!isRecord(content) || !Object.hasOwn(content, name)) return []
  const found = content[name]
  return Array.isArray(found) ? found : [found]
}

/** The text of the first child element of this name. */
export function childText(content: unknown, name: string): string | undefined {
  const [first] = children(content, name)
  if (typeof first === 'string') return first
  return isRecord(first) && typeof first['#text'] === 'string' ? first['#text'] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parser turns `&#x1F600;` into one UTF-16 unit, which would name another key. */
function withoutAstralReferences(text: string): string {
  return text.replace(/&#(?:x([0-9a-f]{5,6})|(\d{5,7}));/gi, (reference, hex, decimal) => {
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point > 0xffff && point <= 0x10ffff ? String.fromCodePoint(point) : reference
  })
}
