import { startVersitygw } from '../servers.ts'
import { versitygw } from './known-differences.ts'
import { conformance } from './suite.ts'

await conformance('versitygw', startVersitygw, versitygw)
