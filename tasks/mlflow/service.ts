import { join } from 'node:path'
import type { RunningService, Service, ServiceContext } from '../../lib/index.ts'
import { checkPython, pythonEnvironment } from '../python/environment.ts'
import { addressFromEnv, addressVariables } from './address.ts'
import type { MlflowClient } from './client.ts'
import { connectMlflow } from './connect.ts'
import { startServer } from './server.ts'

/** A wrong address must be told in seconds. */
const probe = { deadline: 5000, patience: 5000 }

/**
 * The MLflow that a plan's steps use: the server that `MLFLOW_TRACKING_URI` names, else a real one on loopback, whose store lies in the
 * run's folder and goes after a passed run unless it is kept.
 */
export function mlflow(): Service<MlflowClient> {
  return {
    name: 'mlflow',
    precondition(env, signal = new AbortController().signal) {
      if (!env.MLFLOW_TRACKING_URI) return checkPython('mlflow', { env, signal })
      addressFromEnv(env)
    },
    start: (context) => (context.env.MLFLOW_TRACKING_URI ? useServer(context) : startOwn(context)),
  }
}

async function useServer({ env, signal }: ServiceContext): Promise<RunningService<MlflowClient>> {
  const address = addressFromEnv(env)
  const version = await connectMlflow(address, { ...probe, signal }).version()
  return {
    client: connectMlflow(address, { signal }),
    detail: `${version ?? 'of unknown version'}, ${new URL(address.url).host}`,
    ready: async () => {},
    stop: async () => {},
  }
}

async function startOwn(context: ServiceContext): Promise<RunningService<MlflowClient>> {
  const { signal, env, log, progress } = context
  const python = await pythonEnvironment('mlflow', context)
  const folder = join(context.folder, 'mlflow')
  const server = await startServer({ python, folder, env, signal, log, progress })
  const { url, version } = server
  return {
    client: connectMlflow({ url, authorization: undefined, environment: addressVariables(url) }, { signal }),
    detail: `${version}, ${new URL(url).host}`,
    ready: async () => server.check(),
    stop: (within) => server.stop(within),
  }
}
