/** Hears what an installer prints, and tells how far it is in a few words; how long it takes the terminal shows by itself. */
export function progressOf(tell: (text: string) => void): (line: string) => void {
  // uv says when a large download begins and ends, and nothing in between: a map from name to size.
  const coming = new Map<string, string>()
  let done = 0
  return (line) => {
    const [, verb, name = '', size = ''] = line.match(/^\s*(Downloading|Downloaded) ([\w.-]+)(?: \((.+)\))?$/) ?? []
    if (verb === 'Downloading' && size !== '' && !name.endsWith('.whl')) coming.set(name, size)
    else if (verb === 'Downloaded' && coming.delete(name)) done++
    const [largest] = [...coming].sort(([, a], [, b]) => bytes(b) - bytes(a))
    if (largest === undefined) return tell(line.trim())
    const others = coming.size === 1 ? '' : ` and ${coming.size - 1} more`
    tell(`${done} of ${done + coming.size} large packages are there; ${largest[0]} (${largest[1]})${others} to come`)
  }
}

function bytes(size: string): number {
  const unit = { K: 1e3, M: 1e6, G: 1e9 }[size.replace(/[\d.\s]/g, '').charAt(0)] ?? 1
  return Number.parseFloat(size) * unit
}
