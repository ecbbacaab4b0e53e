import { cannot } from '../../lib/index.ts'
import type { Endpoint } from './client.ts'

/**
 * Reads the endpoint that `S3_ENDPOINT`, `AWS_REGION` (default us-east-1), `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, of
 * temporary keys, `AWS_SESSION_TOKEN` name.
 * Throws a Problem naming the first that is missing or wrong.
 */
export function endpointFromEnv(env: Readonly<Record<string, string | undefined>>): Endpoint {
  const action = 'use the object store'
  return {
    url: endpointUrl(action, env.S3_ENDPOINT),
    region: env.AWS_REGION || 'us-east-1',
    accessKeyId: given(action, 'AWS_ACCESS_KEY_ID', env.AWS_ACCESS_KEY_ID),
    secretAccessKey: given(action, 'AWS_SECRET_ACCESS_KEY', env.AWS_SECRET_ACCESS_KEY),
    ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
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

function endpointUrl(action: string, value: string | undefined): string {
  const next = 'Set it, or unset it to let plans start the embedded store.'
  if (!value)
    throw cannot(
      action,
      'S3_ENDPOINT',
      'a URL like http://127.0.0.1:9000',
      value ?? 'not set',
      'Set it; the task object-store serves one for trying.',
    )
  if (!URL.canParse(value)) throw cannot(action, 'S3_ENDPOINT', 'a URL like http://127.0.0.1:9000', value, next)
  const url = new URL(value)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw cannot(action, 'S3_ENDPOINT', 'a URL that starts with http:// or https://', value, next)
  }
  if (url.username || url.password) {
    const rule = 'a URL without a user name or password'
    throw cannot(action, 'S3_ENDPOINT', rule, url.host, 'Put the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.')
  }
  return value.replace(/\/+$/, '')
}

function given(action: string, name: string, value: string | undefined): string {
  if (value) return value
  throw cannot(action, name, 'set when S3_ENDPOINT is', value ?? 'not set', 'Set it, or unset S3_ENDPOINT.')
}
