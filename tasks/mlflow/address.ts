import { cannot } from '../../lib/index.ts'

/** Where an MLflow server is, and what it is shown. */
export interface MlflowAddress {
  /** Without a user's name or password, and without a slash at its end. */
  readonly url: string
  /** The header `Authorization`. */
  readonly authorization: string | undefined
  /** What MLflow's own clients need to know, in a program that is started. */
  readonly environment: Readonly<Record<string, string>>
}

type Env = Readonly<Record<string, string | undefined>>

const variable = 'MLFLOW_TRACKING_URI'

/**
 * Reads `MLFLOW_TRACKING_URI`, and what goes with it as MLflow's own clients do: a user and password in the URL before
 * `MLFLOW_TRACKING_USERNAME` with `MLFLOW_TRACKING_PASSWORD` before `MLFLOW_TRACKING_TOKEN`. Throws a Problem for one that is no web address.
 */
export function addressFromEnv(env: Env): MlflowAddress {
  const given = env[variable] ?? ''
  const action = 'use MLflow'
  // Docker, and shells that read such a file line by line, leave them in.
  const quoted = /^\s*(["']).*\1\s*$/s.test(given)
  const next = quoted ? 'Take off the quotation marks around it.' : 'Name a server, or unset it.'
  if (!URL.canParse(given)) throw cannot(action, variable, 'a URL like http://127.0.0.1:5000', hidden(given), next)
  const { protocol, username, password, host, pathname } = new URL(given)
  if (protocol !== 'http:' && protocol !== 'https:')
    throw cannot(action, variable, 'a URL that starts with http:// or https://', hidden(given), next)
  const url = `${protocol}//${host}${pathname.replace(/\/+$/, '')}`
  const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: secret, MLFLOW_TRACKING_TOKEN: token } = env
  return {
    url,
    authorization:
      username || password
        ? basic(decoded(username), decoded(password))
        : user && secret
          ? basic(user, secret)
          : token
            ? `Bearer ${token}`
            : undefined,
    environment: {
      ...addressVariables(given),
      ...(user && secret && { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: secret }),
      ...(token && { MLFLOW_TRACKING_TOKEN: token }),
    },
  }
}

/** The names that MLflow's clients read, and those of the contract with stages. */
export function addressVariables(url: string): Readonly<Record<string, string>> {
  return {
    MLFLOW_TRACKING_URI: url,
    MLFLOW_TRACKING_URL: url,
    MLFLOW_REGISTRY_URI: url,
    MLFLOW_REGISTRY_URL: url,
  }
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // a percent sign of its own
  }
}

/** What may be a password stands before the last `@`. */
function hidden(url: string): string {
  return url.replace(/^.*@/s, '***@')
}
