// What a kill costs: the same three tasks under make, vitest, pytest and Assay, each killed in the second.
//   bun benchmarks/killed.ts [--json | --from FILE]    the table as Markdown, as JSON, or from such a JSON
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { outsider } from './killed/alive.ts'
import { kill } from './killed/kill.ts'
import { markdown } from './killed/markdown.ts'
import { type Results, results } from './killed/results.ts'
import { runners } from './killed/runners.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean' }, from: { type: 'string' } } })
const found =
  values.from === undefined ? await measure() : v.parse(results, JSON.parse(readFileSync(values.from, 'utf8')))
console.log(values.json ? JSON.stringify(found, null, 2) : markdown(found))

async function measure(): Promise<Results> {
  if (process.platform !== 'linux') throw new Error('counts processes as Linux shows them: run it there')
  const scratch = mkdtempSync(join(tmpdir(), 'assay-killed-'))
  try {
    const measured: Results['runners'] = []
    for (const runner of runners()) {
      if ('unavailable' in runner) {
        measured.push({ kind: 'missing', ...runner })
        continue
      }
      const { name, version, command, artefact } = runner
      const kills = []
      for (const victim of runner.victims) {
        console.error(`${name}: ${victim.title}`)
        const came = await kill(runner, victim, mkdtempSync(join(scratch, 'job-')))
        if (came !== undefined) kills.push({ victim: victim.title, ...came })
      }
      measured.push({ kind: 'ran', name, version, command, artefact, kills })
    }
    return { os: `Linux ${release().split('-')[0]}`, countedBy: countedBy(), runners: measured }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

function countedBy(): string {
  const outside = outsider('probe')
  outside.close()
  return outside.kind
}
