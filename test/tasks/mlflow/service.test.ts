import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../../tasks/mlflow/server.ts'
import { mlflow } from '../../../tasks/mlflow/service.ts'
import { sentenceOf, serviceContext } from '../object-store/store-rig.ts'
import { closedPort, serving, stopWrongServers } from '../object-store/wrong-servers.ts'
import { version } from './stand-ins.ts'

// What works is tried in real.test.ts: here are servers that are elsewhere, and interpreters that start none.

const folder = mkdtempSync(join(tmpdir(), 'assay-mlflow-service-'))
afterAll(() => {
  stopWrongServers()
  rmSync(folder, { recursive: true, force: true })
})

/** A server whose interpreter is a shell script. */
function startedBy(script: string, signal: AbortSignal = new AbortController().signal) {
  const python = join(folder, 'python')
  writeFileSync(python, `#!/bin/sh\n${script}\n`)
  chmodSync(python, 0o755)
  const { log, progress } = serviceContext(folder, {})
  const environment = { name: 'mlflow', python, bin: folder } as const
  return startServer({ python: environment, folder, env: { PATH: process.env.PATH }, signal, log, progress })
}

describe('with MLFLOW_TRACKING_URI', () => {
  test('that server is used, and said', async () => {
    const url = serving((request) => (request.url.endsWith('/version') ? version() : Response.json({})))
    const env = { MLFLOW_TRACKING_URI: url.replace('//', '//me:secret@'), MLFLOW_TRACKING_TOKEN: 'token' }
    const running = await mlflow().start(serviceContext(folder, env))
    expect([running.detail, running.client.url]).toEqual([`3.17.2, ${new URL(url).host}`, url])
    expect(running.client.environment).toMatchObject(env)
  })

  test('one that is down is one sentence', async () => {
    const url = closedPort()
    const sentence = await sentenceOf(mlflow().start(serviceContext(folder, { MLFLOW_TRACKING_URI: url })))
    expect(sentence).toStartWith(
      `Problem: Cannot use MLflow as 'MLFLOW_TRACKING_URI' must be a server that accepts connections: current value is ${url} (`,
    )
  })

  test('one that is no web address is refused before the run', () => {
    expect(() => mlflow().precondition?.({ MLFLOW_TRACKING_URI: './mlruns' })).toThrow(
      'a URL like http://127.0.0.1:5000',
    )
  })
})

describe('a server of our own', () => {
  test('that ends at once is told of with its last words', async () => {
    expect(await sentenceOf(startedBy("echo 'No module named mlflow' >&2; exit 1"))).toBe(
      'Problem: Cannot start the MLflow server: it ended with 1 (No module named mlflow)',
    )
  })

  test('whose port is taken is given another, three times', async () => {
    const said = "ERROR: [Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use"
    const sentence = await sentenceOf(startedBy(`echo "$*" >> ${folder}/ports; echo "${said}" >&2; sleep 60`))
    expect(sentence).toBe('Problem: Cannot start the MLflow server as every port it was given was taken meanwhile')
    const ports = readFileSync(join(folder, 'ports'), 'utf8').match(/--port \d+/g) ?? []
    expect([ports.length, new Set(ports).size]).toEqual([3, 3])
  })

  test('is gone when the run stops while it starts', async () => {
    const stopping = new AbortController()
    const started = startedBy(`echo $$ > ${folder}/pid; exec sleep 60`, stopping.signal)
    while (!existsSync(join(folder, 'pid'))) await Bun.sleep(10)
    stopping.abort(new Error('enough'))
    expect(await sentenceOf(started)).toBe('Error: enough')
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('that a stranger answers for is not taken for ours', async () => {
    const stopping = new AbortController()
    // It never says that it has the port; who asks /version there would hear of a stranger at best.
    const started = startedBy(
      `echo 'Uvicorn running on http://127.0.0.1:1 (Press CTRL+C to quit)' >&2; exec sleep 60`,
      stopping.signal,
    )
    setTimeout(() => stopping.abort(new Error('enough')), 500)
    expect(await sentenceOf(started)).toBe('Error: enough')
  })
})
