/** Replaces every secret value in a text by `***`. */
export type Mask = (text: string) => string

const secretName = /KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL/i

/** A shorter value would mask words that only look like it. */
const shortest = 6

/** A mask for the values of variables that are secret by their name, and of `more`. */
export function maskOf(env: Readonly<Record<string, string | undefined>>, more: readonly string[] = []): Mask {
  const named = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && secretName.test(name) ? [value] : [],
  )
  const secrets = [...new Set([...named, ...more])].filter((value) => value.length >= shortest)
  // As JSON writes it too, since journals are JSON.
  const written = [...new Set(secrets.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]))]
  // Longest first: one secret may be the beginning of another.
  written.sort((a, b) => b.length - a.length)
  if (written.length === 0) return (text) => text
  const pattern = new RegExp(written.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g')
  return (text) => text.replace(pattern, '***')
}
