import { startInProcess } from '../servers.ts'
import { conformance } from './suite.ts'

await conformance('the embedded store in this process', startInProcess)
