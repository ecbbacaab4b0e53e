// `bun run test`: all tests, then the coverage of lib/ and tasks/. With arguments (a file, -t NAME): only those tests.
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const chosen = process.argv.slice(2)

function run(...words: readonly string[]): number {
  return Bun.spawnSync([process.execPath, ...words], { cwd: root, stdio: ['inherit', 'inherit', 'inherit'] }).exitCode
}

// Tests start processes, and a shared machine may keep them waiting.
const timeout = ['--timeout', '60000']
if (chosen.length > 0) process.exit(run('test', ...timeout, ...chosen))
const tested = run('test', ...timeout, '--coverage', '--coverage-reporter=lcov', '--coverage-dir=coverage')
process.exit(tested === 0 ? run('test/coverage.ts') : tested)
