/** How far an installer is, in a few words a second. */
export interface InstallProgress {
  hear(line: string): void
  end(): void
}

export function progressOf(tell: (text: string) => void): InstallProgress {
  const began = performance.now()
  const coming = new Set<string>()
  let done = 0
  let last = ''
  const say = () => {
    const seconds = Math.round((performance.now() - began) / 1000)
    const [first, ...others] = coming
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    const text =
      first === undefined ? last : `${done} of ${done + coming.size} large packages; downloading ${first}${more}`
    tell(`${text === '' ? '' : `${text}, `}${seconds} s`)
  }
  // uv says when a large download begins and ends, and nothing in between.
  const timer = setInterval(say, 1000)
  return {
    hear(line) {
      const [, verb, name = ''] = line.match(/^\s*(Downloading|Downloaded) ([\w.-]+)/) ?? []
      if (verb === 'Downloading' && / \(.*\)$/.test(line) && !name.endsWith('.whl')) coming.add(name)
      else if (verb === 'Downloaded' && coming.delete(name)) done++
      else last = line.trim().slice(0, 80)
      say()
    },
    end: () => clearInterval(timer),
  }
}
