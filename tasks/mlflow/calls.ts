import type * as v from 'valibot'
import type { MlflowAddress } from './address.ts'
import { read } from './answers.ts'
import { type Ask, type AskingOptions, asking, parsed } from './asking.ts'
import { mlflowProblem } from './trouble.ts'

type Query = Readonly<Record<string, string>>

/** Calls of the REST interface, each for an action that its Problem tells. */
export interface Calls {
  readonly url: string
  /** Anything but JSON. */
  readonly ask: Ask
  get<T>(action: string, path: string, query: Query, schema: v.GenericSchema<unknown, T>): Promise<T>
  post<T>(
    action: string,
    path: string,
    body: object | string,
    schema: v.GenericSchema<unknown, T>,
    more?: { readonly repeat?: 'if unheard' },
  ): Promise<T>
}

const api = '/api/2.0/mlflow'

export function calling(address: MlflowAddress, options: AskingOptions): Calls {
  const { url } = address
  const ask = asking(address, options)
  /** Whatever is wrong with an answer is told in the same manner as what is wrong with the way to it. */
  const reading = <T>(action: string, schema: v.GenericSchema<unknown, T>, content: Uint8Array): T => {
    try {
      return read(schema, parsed(content))
    } catch (error) {
      throw mlflowProblem(action, url, error)
    }
  }
  return {
    url,
    ask,
    async get(action, path, query, schema) {
      const content = await ask(action, { method: 'GET', path: `${api}/${path}?${new URLSearchParams(query)}` })
      return reading(action, schema, content)
    },
    async post(action, path, body, schema, more = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return reading(action, schema, await ask(action, { method: 'POST', path: `${api}/${path}`, body: text, ...more }))
    },
  }
}

interface Page<T> {
  readonly items: readonly T[]
  readonly next: string
}

/** All that is on the pages; `page` is asked with the token of each. */
export async function pages<T>(page: (token: { readonly page_token?: string }) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = []
  for (let token: string | undefined = ''; token !== undefined; ) {
    const found: Page<T> = await page(token === '' ? {} : { page_token: token })
    for (const item of found.items) items.push(item)
    token = found.next || undefined
  }
  return items
}
