import { peakMemory } from '../benchmarks/object-store/process.ts'

/** Only Linux tells the most memory that another process ever had. */
export const tellsPeakMemory = process.platform === 'linux'

/**
 * The largest resident set, in bytes, that a child has had to its end, but for the last moment.
 * What the kernel keeps of an ended child (`maxRSS`) has its parent's peak in it: the child began as a copy of that.
 */
export async function peakMemoryToTheEnd(child: Bun.Subprocess): Promise<number> {
  let peak = 0
  const look = setInterval(() => {
    try {
      peak = Math.max(peak, peakMemory(child.pid) || 0)
    } catch {
      // It has just ended.
    }
  }, 20)
  await child.exited
  clearInterval(look)
  if (peak === 0) throw new Error('It ended before its memory was seen')
  return peak
}
