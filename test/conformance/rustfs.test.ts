import { startRustfs } from '../servers.ts'
import { rustfs } from './known-differences.ts'
import { conformance } from './suite.ts'

await conformance('RustFS', startRustfs, rustfs)
