const patienceMs = 3000

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections: nothing listens there',
  ENOTFOUND: 'has no address: look at its name',
  EPROTO: 'does not speak TLS there: look at http and https',
  TimeoutError: `gave no answer in ${patienceMs / 1000} s`,
}

/** What a server says to a request without keys, in a few words that repeat nothing of its URL, which may hold a password. */
export async function answerOf(endpoint: string): Promise<string> {
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) return 'is no http:// or https:// URL'
  try {
    const signal = AbortSignal.timeout(patienceMs)
    const { status } = await fetch(new URL(endpoint).origin, { signal, redirect: 'manual' })
    if (status === 401 || status === 403) return `reachable: answers ${status}, as it wants keys`
    return status < 500 ? `reachable: answers ${status}` : `in trouble: answers ${status}`
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const why = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    return words[why] ?? `cannot be reached: ${why}`
  }
}
