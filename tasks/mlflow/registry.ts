import { anything, versionAnswer, versionsAnswer } from './answers.ts'
import { type Calls, pages } from './calls.ts'
import type { ModelRegistry } from './client.ts'
import { hasCode } from './trouble.ts'

/** Registered models, their versions and aliases. */
export function registryOf({ get, post }: Calls): ModelRegistry {
  return {
    async registerModel(name) {
      try {
        await post(`register the model '${name}'`, 'registered-models/create', { name }, anything)
        return 'made'
      } catch (error) {
        if (hasCode(error, 'RESOURCE_ALREADY_EXISTS')) return 'there'
        throw error
      }
    },
    async createVersion(model, { source, run }) {
      const body = { name: model, source, run_id: run }
      const action = `make a version of the model '${model}'`
      const answer = await post(action, 'model-versions/create', body, versionAnswer, { repeat: 'if unheard' })
      return answer.model_version
    },
    async getVersion(model, version) {
      const action = `read version ${version} of the model '${model}'`
      return (await get(action, 'model-versions/get', { name: model, version }, versionAnswer)).model_version
    },
    async versions(model) {
      const action = `search versions of the model '${model}'`
      // MLflow's filters know no escape, only the other kind of quotes.
      const quote = model.includes("'") ? '"' : "'"
      const filter = `name=${quote}${model}${quote}`
      const found = await pages(async (token) => {
        const query = { filter, max_results: '1000', ...token }
        const answer = await get(action, 'model-versions/search', query, versionsAnswer)
        return { items: answer.model_versions, next: answer.next_page_token }
      })
      return found.sort((a, b) => Number(b.version) - Number(a.version))
    },
    async setAlias(name, alias, version) {
      const action = `name version ${version} of the model '${name}' ${alias}`
      await post(action, 'registered-models/alias', { name, alias, version }, anything)
    },
    async aliased(name, alias) {
      try {
        return (await get(`find '${name}@${alias}'`, 'registered-models/alias', { name, alias }, versionAnswer))
          .model_version
      } catch (error) {
        // The second where the model is there and the alias is not.
        if (hasCode(error, 'RESOURCE_DOES_NOT_EXIST') || hasCode(error, 'INVALID_PARAMETER_VALUE')) return undefined
        throw error
      }
    },
  }
}
