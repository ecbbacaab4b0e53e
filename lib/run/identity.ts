import type { Json } from '../plan/json.ts'

/** Identifies a value among those a plan can hand on: equal JSON has an equal hash. */
export function hashOf(value: Json | undefined): string {
  return new Bun.CryptoHasher('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex')
    .slice(0, 32)
}

/** What an output was made from: the parameters and each need's hash, under the names the step knows them by. */
export function inputsHash(params: string, needs: Readonly<Record<string, string>>): string {
  return hashOf([params, needs])
}
