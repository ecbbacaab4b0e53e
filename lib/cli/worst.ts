// From best to worst; what is not here (a signal's 130 and 143) is worse still.
const order = [0, 75, 1, 2]

/** The exit code of several: the worst of theirs. */
export function worst(codes: readonly number[]): number {
  const rank = (code: number) => (order.includes(code) ? order.indexOf(code) : order.length)
  return codes.reduce((worst, code) => (rank(code) > rank(worst) ? code : worst), 0)
}
