import { join } from 'node:path'
import { messageOf } from '../plan/problem.ts'
import { checkMachine, ensureInstalled } from './installation.ts'

// What `bun run test` and its fellows do before they start tools of node_modules.
try {
  checkMachine(process.versions.bun ?? '0', process.platform)
  ensureInstalled(join(import.meta.dir, '../..'))
} catch (error) {
  console.error(messageOf(error))
  process.exit(2)
}
