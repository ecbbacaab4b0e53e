import { cannot } from '../../lib/index.ts'
import type { Endpoint } from './client.ts'

/** Which variables name an endpoint, and what a person may do instead of setting them. */
export interface EndpointNames {
  /** What the endpoint is for. */
  readonly action: string
  readonly url: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly instead: string
}

const s3Names: EndpointNames = {
  action: 'use the object store',
  url: 'S3_ENDPOINT',
  region: 'AWS_REGION',
  accessKeyId: 'AWS_ACCESS_KEY_ID',
  secretAccessKey: 'AWS_SECRET_ACCESS_KEY',
  sessionToken: 'AWS_SESSION_TOKEN',
  instead: 'unset S3_ENDPOINT to let plans start the embedded store',
}

/**
 * Reads the endpoint that `S3_ENDPOINT`, `AWS_REGION` (default us-east-1), `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, of
 * temporary keys, `AWS_SESSION_TOKEN` name, or the variables of other names.
 * Throws a Problem naming the first that is missing or wrong.
 */
export function endpointFromEnv(env: Readonly<Record<string, string | undefined>>, names = s3Names): Endpoint {
  const sessionToken = env[names.sessionToken]
  return {
    url: endpointUrl(names, env[names.url]),
    region: env[names.region] || 'us-east-1',
    accessKeyId: given(names, names.accessKeyId, env[names.accessKeyId]),
    secretAccessKey: given(names, names.secretAccessKey, env[names.secretAccessKey]),
    ...(sessionToken && { sessionToken }),
  }
}

/** The variables every S3 client of a stage reads: ours, the AWS SDKs' and their endpoint overrides. */
export function endpointVariables(endpoint: Endpoint): Record<string, string> {
  return {
    S3_ENDPOINT: endpoint.url,
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_ENDPOINT_URL_S3: endpoint.url,
    AWS_REGION: endpoint.region,
    AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
    ...(endpoint.sessionToken !== undefined && { AWS_SESSION_TOKEN: endpoint.sessionToken }),
  }
}

/** Whether what listens there is on this machine, so that nobody else's data can be behind it. */
export function isLoopback(url: string): boolean {
  const host = new URL(url).hostname
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function endpointUrl(names: EndpointNames, value: string | undefined): string {
  const { action } = names
  const next = `Set it, or ${names.instead}.`
  if (!value)
    throw cannot(
      action,
      names.url,
      'a URL like http://127.0.0.1:9000',
      value ?? 'not set',
      'Set it; the task object-store serves one for trying.',
    )
  if (!URL.canParse(value)) throw cannot(action, names.url, 'a URL like http://127.0.0.1:9000', value, next)
  const url = new URL(value)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw cannot(action, names.url, 'a URL that starts with http:// or https://', value, next)
  }
  if (url.username || url.password) {
    const rule = 'a URL without a user name or password'
    throw cannot(
      action,
      names.url,
      rule,
      url.host,
      `Put the keys in ${names.accessKeyId} and ${names.secretAccessKey}.`,
    )
  }
  return value.replace(/\/+$/, '')
}

function given(names: EndpointNames, name: string, value: string | undefined): string {
  if (value) return value
  throw cannot(names.action, name, `set when ${names.url} is`, value ?? 'not set', `Set it, or ${names.instead}.`)
}
