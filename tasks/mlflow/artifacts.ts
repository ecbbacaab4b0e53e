import { cannot } from '../../lib/index.ts'
import { artifactsAnswer } from './answers.ts'
import { type Calls, pages } from './calls.ts'
import { hasProxy, type RunArtifacts, type RunInfo } from './client.ts'

/** What runs leave as files, through the server's proxy. */
export function artifactsOf({ url, ask, get }: Calls): RunArtifacts {
  const pathOf = (action: string, run: RunInfo, path: string) => {
    if (!hasProxy(run)) {
      const next = 'Start it with --artifacts-destination and without --no-serve-artifacts.'
      throw cannot(action, 'MLFLOW_TRACKING_URI', 'a server that serves artifacts', `${url} (${run.artifactUri})`, next)
    }
    // `mlflow-artifacts:/1/3f…/artifacts`, or with the server's name before the path.
    const root = run.artifactUri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\//, '')
    const names = [...root.split('/'), ...path.split('/')].map(encodeURIComponent)
    return `/api/2.0/mlflow-artifacts/artifacts/${names.join('/')}`
  }
  return {
    async putArtifact(run, path, content, type = 'application/octet-stream') {
      const action = `store the artifact '${path}' of run ${run.id}`
      await ask(action, { method: 'PUT', path: pathOf(action, run, path), body: content, type })
    },
    async getArtifact(run, path) {
      const action = `read the artifact '${path}' of run ${run.id}`
      return await ask(action, { method: 'GET', path: pathOf(action, run, path) })
    },
    artifacts(run, folder) {
      return pages(async (token) => {
        const query = { run_id: run, ...(folder && { path: folder }), ...token }
        const answer = await get(`list the artifacts of run ${run}`, 'artifacts/list', query, artifactsAnswer)
        return { items: answer.files, next: answer.next_page_token }
      })
    },
  }
}
