import { messageOf } from '../../lib/index.ts'
import { retrying, within } from '../object-store/retry.ts'
import type { MlflowAddress } from './address.ts'
import { answered, isPassing, isUnheard, mlflowProblem, notMlflow } from './trouble.ts'

export interface AskingOptions {
  /** Longest wait for one answer, in milliseconds; a body gets as much again for each 4 MiB of it. */
  readonly deadline?: number
  /** No request is repeated later than so many milliseconds after it was first made; four times the deadline when absent. */
  readonly patience?: number
  /** Ends what is under way and whatever is asked later, with its reason. */
  readonly signal?: AbortSignal
}

export interface MlflowRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT'
  /** Behind the address, with its query. */
  readonly path: string
  readonly body?: string | Uint8Array
  /** What the body is; JSON when absent. */
  readonly type?: string
  /** `if unheard`: done twice it would make two, so it is only repeated where the first was surely not carried out. */
  readonly repeat?: 'if unheard'
}

/** Asks a server, again within the deadline where that may help; rejects with a Problem that tells what is wrong, for `action`. */
export type Ask = (action: string, request: MlflowRequest) => Promise<Uint8Array>

export function asking({ url, authorization }: MlflowAddress, options: AskingOptions = {}): Ask {
  const { deadline = 15_000, patience = 4 * deadline, signal } = options
  const once = async ({ method, path, body, type = 'application/json' }: MlflowRequest, stop: AbortSignal) => {
    const answer = await fetch(url + path, {
      method,
      signal: stop,
      redirect: 'manual', // a login page is no MLflow, and credentials are for nobody else
      headers: {
        ...(authorization !== undefined && { authorization }),
        ...(body !== undefined && { 'content-type': type }),
      },
      ...(body !== undefined && { body }),
    })
    const content = new Uint8Array(await answer.arrayBuffer())
    if (answer.ok) return content
    throw refusal(answer, Buffer.from(content).toString())
  }
  return async (action, request) => {
    let attempts = 1
    const again = () => {
      attempts++
    }
    const allowed = deadline * (1 + (request.body?.length ?? 0) / 2 ** 22)
    const passing = request.repeat === 'if unheard' ? isUnheard : isPassing
    try {
      const attempt = () => within(allowed, signal, ({ signal }) => once(request, signal))
      return await retrying(attempt, { signal, patience, isPassing: passing, again })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw mlflowProblem(action, url, error, attempts)
    }
  }
}

/** MLflow tells what is wrong in JSON, but for its host check, its login, and what proxies before it say. */
function refusal(answer: Response, text: string): Error {
  const { status } = answer
  const told = jsonOf(text)
  if (typeof told === 'object' && told !== null && 'error_code' in told) {
    const message = 'message' in told ? String(told.message) : ''
    return answered(status, String(told.error_code), message)
  }
  const line = text.trim().startsWith('<') ? '' : (text.trim().split('\n', 1)[0] ?? '')
  if ((status >= 300 && status < 400) || status === 404 || status === 405)
    return notMlflow(`it answers with ${status} and not as MLflow`)
  return answered(status, '', line || answer.statusText)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The JSON of an answer. */
export function parsed(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString())
  } catch (error) {
    throw notMlflow(`it does not answer in JSON: ${messageOf(error)}`)
  }
}
