import { type OpenTrackingPlace, Problem, type TrackingPlace } from '../../lib/index.ts'
import { addressFromEnv } from './address.ts'
import { connectMlflow } from './connect.ts'
import { sendRun } from './send-run.ts'
import { briefly } from './trouble.ts'

const tracking: TrackingPlace = {
  variable: 'MLFLOW_TRACKING_URI',
  open(env, { signal, patience }): OpenTrackingPlace {
    const address = addressFromEnv(env)
    const client = connectMlflow(address, { signal, deadline: patience, patience })
    let checked: Promise<unknown> | undefined
    const check = async () => {
      checked ??= client.version()
      await checked
    }
    return {
      name: address.url,
      check: () => toldBriefly(check),
      async send(run, files) {
        return await toldBriefly(async () => {
          await check()
          // MLflow's own variable; one experiment a plan makes a table of its runs.
          return await sendRun(client, env.MLFLOW_EXPERIMENT_NAME || `assay/${run.plan}`, run, files)
        })
      },
    }
  },
}

async function toldBriefly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new Problem(briefly(error), { cause: error })
  }
}

export default tracking
