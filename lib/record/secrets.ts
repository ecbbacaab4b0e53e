type Variables = Readonly<Record<string, string | undefined>>

const secretName = /KEY|SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|_PASS$|_PWD$|CREDENTIAL|^MLFLOW_TRACKING_USERNAME$/i

/** Where something secret is, or what it is called, is none itself. */
const placeName = /_(FILE|PATH|DIR|REGION|NAME)$/i

/** A shorter value would mask words that only look like it: `true`, `none`, a port. */
export const shortest = 6

/** `postgres://user:secret@host` holds one whatever its variable is called. */
const passwordsInUrl = /:\/\/[^/\s:@]*:([^/\s]+)@/g

/** A line of a secret of several lines may be printed by itself; one that only frames others is no secret. */
const lineOfSecret = /^(?!-----).{16,}$/

/** The values that are secret: of variables that are so by their name, passwords in URLs, and `more`, which were said to be. */
export function secretsIn(env: Variables, more: readonly string[]): readonly string[] {
  const named = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && secretName.test(name) && !placeName.test(name) ? [value] : [],
  )
  const given = [...Object.values(env), ...more].flatMap((value) => value ?? [])
  const inUrls = given.flatMap((value) =>
    value.includes('://') ? [...value.matchAll(passwordsInUrl)].flatMap(([, password = '']) => decoded(password)) : [],
  )
  // Stripped too, as most views show it.
  const whole = [...named, ...inUrls, ...more].flatMap((value) => [value, value.trim(), Bun.stripANSI(value)])
  const lines = whole.flatMap((value) =>
    value.includes('\n') ? value.split(/\r?\n/).filter((line) => lineOfSecret.test(line)) : [],
  )
  return [...new Set([...whole, ...lines])].filter((value) => value.length >= shortest)
}

function decoded(password: string): readonly string[] {
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password] // a percent sign of its own
  }
}
