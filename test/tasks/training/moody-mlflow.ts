/** What a server was told. */
export interface Told {
  readonly asked: string[]
  readonly authorization: Set<string | null>
  readonly steps: Set<number>
  /** Names of metrics. */
  readonly keys: Set<string>
  runs: number
  versions: number
  status: string
}

/** A status; `lost`: it does what it is asked, and answers 502; `silent`: it never answers; `page`: it answers as a web site. */
export type Mood = number | 'lost' | 'silent' | 'page'

/** Answers as MLflow does, or worse: only a server of our own can be told to. */
export function moody(mood: (path: string, times: number) => Mood, code = 'SOME_ERROR', why = 'no') {
  const told: Told = {
    ...{ asked: [], authorization: new Set(), steps: new Set(), keys: new Set() },
    ...{ runs: 0, versions: 0, status: 'none' },
  }
  const run = { info: { run_id: 'r1', experiment_id: '7', artifact_uri: 'mlflow-artifacts:/7/r1/artifacts' } }
  const version = { name: 'digits', version: '3' }
  const done = (
    path: string,
    body: { readonly metrics?: { key: string; step: number }[]; readonly status?: string },
  ) => {
    switch (path) {
      case 'mlflow/experiments/create':
        return { experiment_id: '7' }
      case 'mlflow/experiments/get-by-name':
        return { experiment: { experiment_id: '7' } }
      case 'mlflow/runs/create':
        told.runs += 1
        return { run }
      case 'mlflow/runs/search':
        return { runs: told.runs > 0 ? [run] : [] }
      case 'mlflow/runs/log-batch':
        for (const { key, step } of body.metrics ?? []) {
          told.keys.add(key)
          if (key === 'loss') told.steps.add(step)
        }
        return {}
      case 'mlflow/runs/update':
        told.status = body.status ?? 'none'
        return {}
      case 'mlflow/model-versions/create':
        told.versions += 1
        return { model_version: version }
      case 'mlflow/model-versions/search':
        return { model_versions: told.versions > 0 ? [version] : [] }
      default:
        return {}
    }
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const path = new URL(request.url).pathname.replace(/^\/api\/2\.0\//, '')
      const times = told.asked.filter((other) => other === path).length
      told.asked.push(path)
      told.authorization.add(request.headers.get('authorization'))
      const now = mood(path, times)
      const body = request.method === 'POST' ? JSON.parse(await request.text()) : {}
      if (now === 'silent') await new Promise(() => {})
      if (now === 'page')
        return new Response('<!doctype html><title>Hello', { headers: { 'content-type': 'text/html' } })
      if (typeof now === 'number' && now !== 200)
        return Response.json({ error_code: code, message: `${why} ${path}` }, { status: now })
      const answer = done(path, body)
      return now === 'lost' ? new Response('lost', { status: 502 }) : Response.json(answer)
    },
  })
  return { told, server, uri: `http://127.0.0.1:${server.port}/` }
}
