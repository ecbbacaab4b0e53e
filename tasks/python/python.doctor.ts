import { type Checkup, withHome } from '../../lib/index.ts'
import { type Looked, leastPython, look } from './interpreter.ts'
import { ownPython } from './own-python.ts'
import { recipes } from './recipes.ts'

const checkup: Checkup = {
  async look(env) {
    const told = env[ownPython]
    if (!told) return []
    const modules = Object.values(recipes).flatMap((recipe) => recipe.modules)
    // Whether they are there, not whether they load: that takes torch seconds.
    const looked = await look([withHome(told)], 'find', modules, { env, signal: new AbortController().signal })
    return [{ what: ownPython, found: told, note: words(looked) }]
  },
}

function words(looked: Looked): string {
  if (looked.kind === 'none') return `no Python: ${looked.reason}`
  if (looked.kind === 'old') return `it is Python ${looked.version}, and ${leastPython} or newer is needed`
  const fit = Object.values(recipes).map(({ name, modules }) => {
    const lacks = modules.filter((module) => module in looked.missing)
    return lacks.length === 0 ? `it has what '${name}' takes` : `for '${name}' it lacks ${lacks.join(', ')}`
  })
  return [`Python ${looked.version}`, ...fit].join('; ')
}

export default checkup
