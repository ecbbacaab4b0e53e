import { messageOf, type OpenResultsPlace, Problem, type ResultsPlace } from '../../lib/index.ts'
import { connect } from './connect.ts'
import { type EndpointNames, endpointFromEnv } from './endpoint.ts'
import { briefly, type Trouble, troubleOf } from './trouble.ts'

type Env = Readonly<Record<string, string | undefined>>

const bucket: ResultsPlace = {
  variable: 'RESULTS_BUCKET',
  open(env, { signal, patience }): OpenResultsPlace {
    const endpoint = endpointFromEnv(env, namesOf(env))
    const store = connect(endpoint, { signal, deadline: patience, patience })
    const name = env.RESULTS_BUCKET ?? ''
    return {
      name: `bucket ${name} at ${endpoint.url}`,
      async put({ path, type, content }) {
        try {
          await store.put(name, path, content, type)
        } catch (error) {
          throw new Problem(reasonOf(error), { cause: error })
        }
      },
    }
  },
}

export default bucket

/** The bucket may be elsewhere than the store that is tested; what is not said of it is as it is there. */
function namesOf(env: Env): EndpointNames {
  const own = (name: string, other: string) => (env[name] || !env[other] ? name : other)
  const keys = env.RESULTS_ACCESS_KEY_ID || !env.AWS_ACCESS_KEY_ID ? 'RESULTS' : 'AWS'
  return {
    action: 'store results',
    url: own('RESULTS_ENDPOINT', 'S3_ENDPOINT'),
    region: own('RESULTS_REGION', 'AWS_REGION'),
    // A key goes with its own secret only.
    accessKeyId: `${keys}_ACCESS_KEY_ID`,
    secretAccessKey: `${keys}_SECRET_ACCESS_KEY`,
    sessionToken: `${keys}_SESSION_TOKEN`,
    instead: 'unset RESULTS_BUCKET',
  }
}

const words: Partial<Readonly<Record<Trouble, string>>> = {
  refused: 'connection refused',
  unresolved: 'its name does not resolve',
  timeout: 'no answer in time',
  broken: 'it closed the connection without an answer',
  'not-s3': 'it does not answer as S3',
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Problem && error.cause !== undefined ? error.cause : error
  return words[troubleOf(cause)] ?? (briefly(cause) || messageOf(cause))
}
