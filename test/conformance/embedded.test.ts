import { startEmbedded } from '../servers.ts'
import { conformance } from './suite.ts'

await conformance('the embedded store', startEmbedded)
