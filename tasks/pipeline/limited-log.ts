/** The step's log gets so many lines and is told that there were more; the program's own log has them. */
const mostForwarded = 10_000

/** Hands lines of a program on to the log of its step, as many as that takes. */
export function limitedLog(log: (line: string) => void): (line: string) => void {
  let lines = 0
  return (line) => {
    lines += 1
    if (lines <= mostForwarded) log(line)
    if (lines === mostForwarded) log('… and more lines, which are not shown')
  }
}
