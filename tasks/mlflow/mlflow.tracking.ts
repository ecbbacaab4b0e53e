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
    return {
      name: address.url,
      async send(run, files) {
        try {
          checked ??= client.version()
          await checked
          // MLflow's own variable; one experiment a plan makes a table of its runs.
          return await sendRun(client, env.MLFLOW_EXPERIMENT_NAME || `assay/${run.plan}`, run, files)
        } catch (error) {
          throw new Problem(briefly(error), { cause: error })
        }
      },
    }
  },
}

export default tracking
