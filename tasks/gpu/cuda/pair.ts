/** One sample of each, of the same operation. */
export interface Pair<A, B> {
  readonly webgpu: A
  readonly cuda: B
}

/**
 * Takes both samples back to back, so that what befalls the card befalls both, and by turns each first: over two rounds a drift (clocks that
 * fall as the card warms) favours neither.
 */
export async function pairOf<A, B>(
  webgpu: () => Promise<A>,
  cuda: () => Promise<B>,
  round: number,
): Promise<Pair<A, B>> {
  if (round % 2 === 0) {
    const second = await cuda()
    return { webgpu: await webgpu(), cuda: second }
  }
  const first = await webgpu()
  return { webgpu: first, cuda: await cuda() }
}
