import type { AskingOptions } from '../../../tasks/mlflow/asking.ts'
import type { MlflowClient } from '../../../tasks/mlflow/client.ts'
import { connectMlflow } from '../../../tasks/mlflow/connect.ts'

// Servers that fail as MLflow and what stands before it fail; what works is tried against a real one.

export const version = () => new Response('3.17.2')

/** As MLflow says no. */
export function refusal(status: number, error_code: string, message = ''): Response {
  return Response.json({ error_code, message }, { status })
}

export const failures: Readonly<Record<string, (request: Request) => Response>> = {
  'with 401': () => refusal(401, 'UNAUTHENTICATED', 'who are you?'),
  'with 403': () => refusal(403, 'PERMISSION_DENIED', 'not you'),
  'for another host': () =>
    new Response('Invalid Host header - possible DNS rebinding attack detected', { status: 403 }),
  'with 500': () => refusal(500, 'INTERNAL_ERROR', '(sqlite3.OperationalError) database is locked\n[SQL: INSERT …'),
  'with 503': () => new Response('<html>busy', { status: 503 }),
  'as its disk is full': () => refusal(500, 'INTERNAL_ERROR', '(sqlite3.OperationalError) database or disk is full'),
  'with a web page': () => new Response('<!doctype html><title>Hello', { headers: { 'content-type': 'text/html' } }),
  'by sending to a login': () => Response.redirect('/login'),
  'with other JSON': () => Response.json({ hello: 'you' }),
  'as an old MLflow': ({ url }) => (url.endsWith('/version') ? new Response('1.30.0') : Response.json({})),
}

export function clientOf(url: string, options: AskingOptions = {}): MlflowClient {
  const authorization = 'Bearer very-secret'
  return connectMlflow({ url, authorization, environment: {} }, { deadline: 300, patience: 300, ...options })
}
