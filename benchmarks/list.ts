import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkout } from './checkout.ts'
import { type Peer, pytest, vitest } from './peers.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

// Listing plans in a cold process, as a person types it, beside an empty Bun and beside what others take to list as many tests.

const rounds = process.argv.includes('--quick') ? 10 : 30
const scratch = mkdtempSync(join(tmpdir(), 'assay-list-'))

/** A checkout with this many plans, each with steps and a task of its own to import. */
function withPlans(plans: number): string {
  const folder = join(scratch, `plans-${plans}`)
  checkout(folder)
  for (let i = 0; i < plans; i++)
    writeFileSync(
      join(folder, 'plans', `plan-${i}.ts`),
      `import * as v from 'valibot'
import { definePlan, equal } from '../lib/index.ts'
import { pipelineStore } from '../tasks/pipeline/pipeline-store.ts'
export default definePlan({ name: 'plan-${i}', kind: 'smoke', title: 'Plan ${i}' }, (plan) => {
  const store = plan.use(pipelineStore('', []))
  const one = plan.step({ name: 'one', needs: { store }, output: v.number(), run: () => ${i} })
  plan.check({ name: 'two', needs: { one }, run: ({ one }) => [equal('one', one, ${i})] })
})
`,
    )
  return folder
}

interface Command {
  readonly argv: readonly string[]
  readonly cwd: string
}

function timed({ argv, cwd }: Command): number {
  const start = performance.now()
  const { exitCode, stderr } = Bun.spawnSync([...argv], { cwd, stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}: ${stderr}`)
  return performance.now() - start
}

/** Both in turn, after a warm-up of each. */
function compare(ours: Command, theirs: Command, count: number) {
  timed(ours)
  timed(theirs)
  const own: number[] = []
  const other: number[] = []
  for (let i = 0; i < count; i++) {
    own.push(timed(ours))
    other.push(timed(theirs))
  }
  return { own, other, ratio: pairedRatio(own, other) }
}

const ms = (times: readonly number[]) => `${median(times).toFixed(1)} ms`
const bun = process.execPath
const ten = withPlans(10)
const list = (cwd: string): Command => ({ argv: [bun, 'run', 'plan'], cwd })

const rows: string[][] = []
const empty = compare(list(ten), { argv: [bun, '-e', '0'], cwd: ten }, rounds)
// Less is better here, so the bar is met where the inverse's would be missed.
const verdict = { pass: 'fail', fail: 'pass', undecided: 'undecided' }[judge(empty.ratio, 6)]
rows.push(['10 plans', ms(empty.own), 'bun -e 0', ms(empty.other), showRatio(empty.ratio), '≤ 6', verdict])

const many = compare(list(withPlans(110)), list(ten), rounds)
const further = (median(many.own) - median(many.other)) / 100
rows.push([
  '110 plans',
  ms(many.own),
  '10 plans',
  ms(many.other),
  `${further.toFixed(2)} ms a further plan`,
  '≤ 0.5 ms',
  further <= 0.5 ? 'pass' : 'fail',
])

const peers = [
  { name: 'vitest', peer: vitest(), command: vitestList },
  { name: 'pytest', peer: pytest(), command: pytestCollect },
]
for (const { name, peer, command } of peers) {
  if ('unavailable' in peer) console.log(`${name}: skipped, as ${peer.unavailable}`)
  else {
    const theirs = command(peer)
    const { own, other, ratio } = compare(list(ten), theirs, Math.ceil(rounds / 3))
    const words = theirs.argv.slice(peer.argv.length).join(' ')
    rows.push(['10 plans', ms(own), `${name} ${peer.version} ${words}`, ms(other), showRatio(ratio), '', ''])
  }
}
printTable(['bun run plan', 'median', 'peer', 'median', 'ratio', 'bar', ''], rows)
rmSync(scratch, { recursive: true })

type Found = Extract<Peer, { readonly version: string }>

function vitestList({ argv, home }: Found): Command {
  mkdirSync(join(home, 'tests'), { recursive: true })
  for (let i = 0; i < 10; i++)
    writeFileSync(
      join(home, 'tests', `t${i}.test.ts`),
      `import { expect, test } from 'vitest'\ntest('one', () => expect(${i}).toBe(${i}))\ntest('two', () => expect(1).toBe(1))\n`,
    )
  return { argv: [...argv, 'list'], cwd: home }
}

function pytestCollect({ argv }: Found): Command {
  const home = join(scratch, 'pytest')
  mkdirSync(home, { recursive: true })
  for (let i = 0; i < 10; i++)
    writeFileSync(join(home, `test_${i}.py`), 'def test_one():\n    assert 1\n\n\ndef test_two():\n    assert 2\n')
  return { argv: [...argv, '--collect-only', '-q'], cwd: home }
}
