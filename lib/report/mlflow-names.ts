/** What MLflow takes of a name and of a text (mlflow/utils/validation.py); of tags what 2.8 did. */
export const longestKey = 250
export const longestParam = 6000
export const longestTag = 5000

export interface Names {
  /** The name of these parts in MLflow, where no two are the same. */
  key(...parts: readonly string[]): string
  /** `'time[5]' is time_5`: of each that is called otherwise there. */
  readonly changed: readonly string[]
}

/**
 * Names as MLflow takes them, on any system and database: of letters, digits, `_`, `-`, `.` and spaces, in parts that slashes join. (A
 * colon it takes only where it does not run on Windows, where the whole batch would be refused.)
 */
export function namesForMlflow(): Names {
  const changed: string[] = []
  // Some databases take capitals for small letters, and none of them a space at the end.
  const taken = new Set<string>()
  return {
    changed,
    key(...parts) {
      const original = parts.join('/')
      let name = parts.map(legalPart).join('/')
      if (name.length > longestKey || taken.has(name.toLowerCase())) {
        const cut = whole(name.slice(0, longestKey - 8 - 2 * hashLength)).replace(/[/ .]+$/, '')
        name = `${cut}_${hashOf(original, hashLength)}`
        // The same name once more, or a cut hash that is the same: the number tells them apart.
        for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${cut}_${hashOf(original, hashLength)}_${n}`
      }
      taken.add(name.toLowerCase())
      if (name !== original) changed.push(`'${original}' is ${name}`)
      return name
    },
  }
}

const hashLength = 6

/** A name is known by the same letters in every run that has it. */
function hashOf(text: string, length: number): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('hex').slice(0, length)
}

/** What is not legal goes where it stands next to a space or at an end, and leaves a `_` between letters: `time[5]` is `time_5`. */
function legalPart(part: string): string {
  const legal = part
    .toWellFormed()
    .normalize('NFC')
    .replaceAll('%', 'percent')
    .replace(/\s+/gu, ' ')
    // Beyond the first plane are letters that some databases don't take.
    .replace(/(?:[^\p{L}\p{Nd}_\-. ]|[\u{10000}-\u{10ffff}])+/gu, '\0')
    .replace(/(^|(?<= ))\0|\0(?= |$)/g, '')
    .replaceAll('\0', '_')
    .replace(/ {2,}/g, ' ')
    .trim()
  // `.` and `..` are ways and no names; nothing at all is none either.
  return /^\.*$/.test(legal) || legal.startsWith('..') ? `unnamed_${hashOf(part, hashLength)}` : legal
}

/** A text as MLflow's databases keep it, the cut shown by `…`. */
export function textForMlflow(
  text: string,
  longest: number,
): { readonly value: string; readonly change: string | undefined } {
  const kept = text.toWellFormed().replaceAll('\0', '\ufffd')
  if (kept.length > longest)
    return { value: `${whole(kept.slice(0, longest - 1))}…`, change: `cut to ${longest} of ${kept.length} characters` }
  return { value: kept, change: kept === text ? undefined : 'without what no database keeps' }
}

/** The last lines that do not fit are counted. */
export function linesForMlflow(lines: readonly string[], longest: number): string {
  const room = longest - '\n… and 1000000 more'.length
  let length = 0
  const kept = lines.findIndex((line) => {
    length += line.length + 1
    return length > room
  })
  if (kept === -1) return lines.join('\n').toWellFormed()
  return [...lines.slice(0, kept), `… and ${lines.length - kept} more`].join('\n').toWellFormed()
}

/** A cut may have gone through a character of two halves. */
function whole(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, '')
}
