/** Says how far a program is that runs alone, at most once a second: there a line of the log is all there is to show it with. */
export function everySecond(log: (line: string) => void): (text: string) => void {
  let next = 0
  return (text) => {
    const now = performance.now()
    if (now < next) return
    next = now + 1000
    log(text)
  }
}

/** Hands the log of one of our Python programs on until it has refused: the sentence it then prints is told by whoever started it. */
export function untilRefusal(log: (line: string) => void): (line: string) => void {
  let refused = false
  return (line) => {
    if (!refused) log(line)
    refused ||= line.includes('"event": "ended", "how": "refused"')
  }
}
