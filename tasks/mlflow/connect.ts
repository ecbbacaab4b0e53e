import type { MlflowAddress } from './address.ts'
import {
  anything,
  experimentAnswer,
  experimentMade,
  experimentsAnswer,
  historyAnswer,
  runAnswer,
  runsAnswer,
} from './answers.ts'
import { artifactsOf } from './artifacts.ts'
import type { AskingOptions } from './asking.ts'
import { batchBodies } from './batches.ts'
import { type Calls, calling, pages } from './calls.ts'
import type { MlflowClient } from './client.ts'
import { registryOf } from './registry.ts'
import { answered, hasCode, isNotMlflow, mlflowProblem, tooOld } from './trouble.ts'

/** The first that takes parameters of 6000 characters; aliases of registered models are older. */
const leastVersion = [2, 8] as const

/** A client of the MLflow server at `address`; nothing is sent before the first call. What passes is tried again within a deadline. */
export function connectMlflow(address: MlflowAddress, options: AskingOptions = {}): MlflowClient {
  const calls = calling(address, options)
  const { get, post } = calls
  return {
    url: address.url,
    environment: address.environment,
    ...artifactsOf(calls),
    ...registryOf(calls),
    async version() {
      const action = 'use MLflow'
      const told = await versionTold(calls, action)
      // Some tell none (Databricks does not): then one that knows experiments will do. Only this goes by the server's host check.
      const least = told === undefined ? experimentsAnswer : anything
      await post(action, 'experiments/search', { max_results: 1 }, least)
      return told
    },
    experiment: (name) => experimentId(calls, name),
    async findExperiment(name) {
      return (await findExperiment(calls, `find the experiment '${name}'`, name))?.experiment_id
    },

    async createRun({ experiment, name, startTime, tags = [] }) {
      const body = { experiment_id: experiment, run_name: name, start_time: startTime, tags }
      return (await post(`make the run '${name}'`, 'runs/create', body, runAnswer, { repeat: 'if unheard' })).run
    },
    async updateRun(id, { status, endTime }) {
      await post(`end run ${id}`, 'runs/update', { run_id: id, status, end_time: endTime }, anything)
    },
    async deleteRun(id) {
      await post(`delete run ${id}`, 'runs/delete', { run_id: id }, anything)
    },
    async getRun(id) {
      return (await get(`read run ${id}`, 'runs/get', { run_id: id }, runAnswer)).run
    },
    searchRuns(experiment, filter) {
      const query = { experiment_ids: [experiment], filter, max_results: 1000, order_by: ['attributes.start_time ASC'] }
      return pages(async (token) => {
        const answer = await post(`search experiment ${experiment}`, 'runs/search', { ...query, ...token }, runsAnswer)
        return { items: answer.runs, next: answer.next_page_token }
      })
    },
    async log(run, batch) {
      for (const body of batchBodies(run, batch)) await post(`log to run ${run}`, 'runs/log-batch', body, anything)
    },
    history(run, key) {
      return pages(async (token) => {
        const query = { run_id: run, metric_key: key, max_results: '25000', ...token }
        const answer = await get(`read the metric '${key}' of run ${run}`, 'metrics/get-history', query, historyAnswer)
        return { items: answer.metrics, next: answer.next_page_token }
      })
    },
  }
}

async function versionTold({ ask, url }: Calls, action: string): Promise<string | undefined> {
  const told = await ask(action, { method: 'GET', path: '/version' }).catch((error: unknown) => {
    if (isNotMlflow(error)) return ''
    throw error
  })
  const text = Buffer.from(told).toString().trim()
  const [, major, minor] = /^(\d+)\.(\d+)[\w.+-]*$/.exec(text) ?? []
  if (major === undefined) return undefined
  const [least, then] = leastVersion
  if (Number(major) > least || (Number(major) === least && Number(minor) >= then)) return text
  throw mlflowProblem(action, url, tooOld(`it is MLflow ${text}, and ${leastVersion.join('.')} is needed`))
}

async function experimentId(calls: Calls, name: string): Promise<string> {
  const { url, post } = calls
  const action = `find the experiment '${name}'`
  const found = (await findExperiment(calls, action, name)) ?? (await made())
  if (found.lifecycle_stage === 'active') return found.experiment_id
  throw mlflowProblem(action, url, answered(409, '', 'it was deleted there: restore it, or set MLFLOW_EXPERIMENT_NAME'))

  async function made() {
    try {
      const { experiment_id } = await post(action, 'experiments/create', { name }, experimentMade)
      return { experiment_id, lifecycle_stage: 'active' }
    } catch (error) {
      // Somebody else made it meanwhile, or an attempt of ours that nobody heard the end of.
      const there = hasCode(error, 'RESOURCE_ALREADY_EXISTS') && (await findExperiment(calls, action, name))
      if (there) return there
      throw error
    }
  }
}

async function findExperiment({ get }: Calls, action: string, name: string) {
  try {
    return (await get(action, 'experiments/get-by-name', { experiment_name: name }, experimentAnswer)).experiment
  } catch (error) {
    if (hasCode(error, 'RESOURCE_DOES_NOT_EXIST')) return undefined
    throw error
  }
}
