/** `20261121-071602-k3x9`: sorts by time, four letters apart within a second. UTC. */
export function runId(now: Date, random: () => number): string {
  const [date = '', time = ''] = now.toISOString().split('T')
  const letters = Array.from({ length: 4 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${letters}`
}

// Without letters that read as one another.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
