import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { cannot, messageOf, Problem } from '../plan/problem.ts'
import { planFile } from './load.ts'
import type { Places } from './places.ts'
import { writeTo } from './print.ts'

/** `plan --new NAME`: writes a plan that type-checks and passes, for its author to change. Refuses to overwrite. */
export function newPlan(places: Places, name: string): number {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw cannot('write a plan', '--new', 'lower-case words joined by dashes, like smoke-disk', name)
  const path = planFile(places, name)
  const file = relative(places.root, path)
  if (existsSync(path)) throw cannot('write a plan', file, 'new', 'a file that is there', 'Choose another name.')
  const library = places.root === places.home ? '../lib/index.ts' : 'assay'
  try {
    mkdirSync(places.plans, { recursive: true })
    writeFileSync(path, starter(name, library), { flag: 'wx' })
  } catch (error) {
    throw new Problem(`Cannot write a plan: ${messageOf(error)}`)
  }
  writeTo(1, `Wrote ${file}. Run it: ${places.command('plan')} ${name}\n`)
  return 0
}

function starter(name: string, library: string): string {
  const own = `import { definePlan, equal, holds, integer } from '${library}'`
  const schemas = "import * as v from 'valibot'"
  // In the order that formatters sort them.
  return `${(library === 'assay' ? [own, schemas] : [schemas, own]).join('\n')}

const Greeting = v.object({ text: v.string(), length: v.number() })

export default definePlan(
  {
    name: '${name}',
    kind: 'smoke',
    title: 'A shell says what it is told',
    params: { times: integer(3, 'how often it says it', { min: 1 }) },
  },
  (plan, params) => {
    const greeting = plan.step({
      name: 'ask a shell',
      output: Greeting,
      run: async (_, { $ }) => {
        const text = await $\`for i in $(seq \${params.times}); do echo hello; done\`.text()
        return { text, length: text.length }
      },
    })

    plan.check({
      name: 'it said hello',
      needs: { greeting },
      run: ({ greeting }) => [
        equal('lines', greeting.text.trim().split('\\n').length, params.times),
        holds('every line is hello', /^(hello\\n)+$/.test(greeting.text), \`it said \${greeting.text}\`),
      ],
    })
  },
)
`
}
