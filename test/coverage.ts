import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

// Holds the share of lines of lib/ and tasks/ that the tests have run. Reads what `bun test --coverage` wrote; a file that
// no test has loaded counts as not covered at all, where the report leaves it out.

const root = join(import.meta.dir, '..')
const least = 0.85

interface Lines {
  readonly found: number
  readonly hit: number
}

function reported(): ReadonlyMap<string, Lines> {
  const lines = new Map<string, Lines>()
  for (const part of readFileSync(join(root, 'coverage/lcov.info'), 'utf8').split('end_of_record')) {
    const of = (key: string) => part.match(new RegExp(`^${key}:(.*)$`, 'm'))?.[1] ?? ''
    if (of('SF') !== '')
      lines.set(relative(root, join(root, of('SF'))), { found: Number(of('LF')), hit: Number(of('LH')) })
  }
  return lines
}

/** Lines of a file that hold code, by a rough eye: only files that no test has loaded are counted this way. */
function codeLines(path: string): number {
  const text = readFileSync(join(root, path), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  // A file of types has nothing to run.
  const withoutTypes = text
    .replace(/^(export )?(interface|type) [\s\S]*?^\}?$/gm, '')
    .replace(/^import [\s\S]*?from '.*'$/gm, '')
  return withoutTypes.split('\n').filter((line) => /[^\s{}()\],;]/.test(line) && !/^\s*\/\//.test(line)).length
}

/**
 * What runs in a process of its own alone, since it may crash it: tests have it run there, on a software driver and a stub of NVML
 * (test/tasks/gpu, test/benchmarks/gpu), where the report of this process does not see it.
 */
const elsewhere = [
  'tasks/gpu/device/',
  'tasks/gpu/worker/worker.ts',
  'tasks/gpu/telemetry/nvml.ts',
  'tasks/gpu/telemetry/nvml-watch.ts',
]

const lines = reported()
const files = ['lib', 'tasks'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)
const unseen = files.filter((path) => !lines.has(path) && elsewhere.some((start) => path.startsWith(start)))
const all = files
  .filter((path) => !unseen.includes(path))
  .map((path) => ({ path, ...(lines.get(path) ?? { found: codeLines(path), hit: 0 }) }))
const unseenLines = unseen.reduce((sum, path) => sum + codeLines(path), 0)
console.log(`not counted: ${unseenLines} lines of ${unseen.length} files, which run in processes of their own`)

let poor = false
for (const folder of ['lib/', 'tasks/']) {
  const inside = all.filter(({ path }) => path.startsWith(folder))
  const found = inside.reduce((sum, file) => sum + file.found, 0)
  const share = inside.reduce((sum, file) => sum + file.hit, 0) / found
  poor ||= share < least
  console.log(
    `coverage of ${folder.padEnd(6)} ${(share * 100).toFixed(1)} % of ${found} lines (at least ${least * 100} %)`,
  )
}
if (poor || process.argv.includes('--all')) {
  const open = all.filter(({ found, hit }) => found > hit).sort((a, b) => b.found - b.hit - (a.found - a.hit))
  for (const { path, found, hit } of open.slice(0, 25))
    console.log(`  ${String(found - hit).padStart(4)} of ${found} open in ${path}`)
}
process.exit(poor ? 1 : 0)
