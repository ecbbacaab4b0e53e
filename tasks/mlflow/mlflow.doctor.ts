import { type Checkup, Problem } from '../../lib/index.ts'
import { addressFromEnv, type MlflowAddress } from './address.ts'
import { connectMlflow } from './connect.ts'
import { briefly } from './trouble.ts'

const what = 'MLFLOW_TRACKING_URI'
/** Milliseconds. */
const patience = 3000

const checkup: Checkup = {
  async look(env) {
    if (!env[what]) return [{ what, found: 'not set', note: 'plans that need MLflow start a server of their own' }]
    try {
      return [{ what, ...(await found(addressFromEnv(env))) }]
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return [{ what, found: 'no address', note: error.message }]
    }
  },
}

/** What only MLflow answers: anything may answer a request. */
async function found(address: MlflowAddress): Promise<{ readonly found: string; readonly note: string }> {
  const signal = AbortSignal.timeout(2 * patience)
  try {
    const version = await connectMlflow(address, { deadline: patience, patience, signal }).version()
    return { found: address.url, note: `reachable: MLflow ${version ?? 'of unknown version'}; runs are shown there` }
  } catch (error) {
    return { found: address.url, note: `${briefly(error)}; until that changes, runs are owed and not shown` }
  }
}

export default checkup
