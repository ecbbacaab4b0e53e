import { cannot, messageOf, Problem } from '../../lib/index.ts'
import { troubleOf as networkTroubleOf } from '../object-store/trouble.ts'

/** What kind of thing went wrong between us and an MLflow server. */
export type Trouble =
  | 'refused'
  | 'unresolved'
  | 'timeout'
  | 'broken'
  | 'open-files'
  | 'credentials'
  | 'host'
  | 'denied'
  | 'busy'
  | 'full'
  | 'not-mlflow'
  | 'too-old'
  | 'answered'

/** An answer other than success; `code` is MLflow's own word for it. */
export function answered(status: number, code: string, message: string): Error {
  return Object.assign(new Error(message), { status, code })
}

/** What answers is no MLflow, told by `what`. */
export function notMlflow(what: string): Error {
  return Object.assign(new Error(what), { code: notMlflowCode })
}

const notMlflowCode = 'NotMlflow'
const tooOldCode = 'TooOld'

/** A server that lacks what we use, told by `what`. */
export function tooOld(what: string): Error {
  return Object.assign(new Error(what), { code: tooOldCode })
}

const network: readonly Trouble[] = ['refused', 'unresolved', 'timeout', 'broken', 'open-files']

export function troubleOf(error: unknown): Trouble {
  const status = statusOf(error)
  if (status === undefined) {
    if (codeOf(error) === notMlflowCode) return 'not-mlflow'
    if (codeOf(error) === tooOldCode) return 'too-old'
    const found = networkTroubleOf(error)
    return network.find((known) => known === found) ?? (found === 'not-s3' ? 'not-mlflow' : 'answered')
  }
  if (status === 401) return 'credentials'
  if (status === 403) return /host header/i.test(messageOf(error)) ? 'host' : 'denied'
  // What SQLite, PostgreSQL and the system say, in an answer that may be a 500 or a 400.
  if (status === 507 || /disk is full|no space left|quota exceeded/i.test(messageOf(error))) return 'full'
  return status === 429 || status >= 500 ? 'busy' : 'answered'
}

/** Whether the same request may well end better the next time. */
export function isPassing(error: unknown): boolean {
  return (
    !(error instanceof Problem) && ['refused', 'timeout', 'broken', 'busy', 'open-files'].includes(troubleOf(error))
  )
}

/** Whether a request that ended with it was surely not carried out. */
export function isUnheard(error: unknown): boolean {
  return troubleOf(error) === 'refused' || statusOf(error) === 429
}

/** Whether MLflow gave this code for it. */
export function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code || (error instanceof Problem && error.cause !== undefined && hasCode(error.cause, code))
}

export function isNotMlflow(error: unknown): boolean {
  return hasCode(error, notMlflowCode)
}

const words: Partial<Readonly<Record<Trouble, string>>> = {
  refused: 'connection refused',
  unresolved: 'its name does not resolve',
  timeout: 'no answer in time',
  broken: 'it closed the connection without an answer',
  host: '403, it does not allow this host name: see its --allowed-hosts',
}

/** What is wrong, in few words: `connection refused`, `503`, `400 INVALID_PARAMETER_VALUE: …`. */
export function briefly(error: unknown): string {
  const cause = error instanceof Problem && error.cause !== undefined ? error.cause : error
  const known = words[troubleOf(cause)]
  if (known !== undefined) return known
  const line = messageOf(cause).split('\n', 1)[0]?.trim() ?? ''
  const detail = line.length > 160 ? `${line.slice(0, 160)}…` : line
  const status = statusOf(cause)
  const head = [status, status === undefined ? '' : codeOf(cause)].filter(Boolean).join(' ')
  return [head, detail].filter(Boolean).join(': ')
}

/** The sentence for an error met while doing `action` (`log to run 3f…`) for the `attempts`th time; a Problem stays what it is. */
export function mlflowProblem(action: string, url: string, error: unknown, attempts = 1): Problem {
  if (error instanceof Problem) return error
  const [rule, next] = rules[troubleOf(error)]
  const tried = attempts > 1 ? `, tried ${attempts} times` : ''
  const problem = cannot(action, 'MLFLOW_TRACKING_URI', rule, `${url} (${briefly(error)}${tried})`, next(url))
  problem.cause = error
  return problem
}

type Rule = readonly [rule: string, next: (url: string) => string]

const rules: Readonly<Record<Trouble, Rule>> = {
  refused: ['a server that accepts connections', () => 'Start it, or unset MLFLOW_TRACKING_URI.'],
  unresolved: ['a host that can be found', () => 'Check the name and the network.'],
  timeout: ['a server that answers in time', () => 'See whether it is up and reachable from here.'],
  broken: ['an MLflow server that stays up', () => 'See its log, and the port.'],
  'open-files': ['reached with a file left to open', () => 'Raise ulimit -n, or lower --jobs.'],
  credentials: [
    'a server that accepts who we are',
    () => 'Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.',
  ],
  host: [
    'a name that the server knows itself by',
    (url) => `Start it with --allowed-hosts "${new URL(url).host}", which replaces what it allows by itself.`,
  ],
  denied: ['a server that allows this', () => 'Check the rights of the token or user in MLFLOW_TRACKING_….'],
  busy: ['a server that answers in the end', () => 'See its log.'],
  full: ['a server with room', () => 'Free some of its disk.'],
  'not-mlflow': ['an MLflow server', () => 'Check the address and port.'],
  'too-old': ['a server that is new enough', () => 'Update it.'],
  answered: ['a server that can do this', () => ''],
}

function statusOf(error: unknown): number | undefined {
  const status = field(error, 'status')
  return typeof status === 'number' ? status : undefined
}

function codeOf(error: unknown): string {
  const code = field(error, 'code')
  return typeof code === 'string' ? code : ''
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
