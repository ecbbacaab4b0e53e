import { namedEndpoint } from '../servers.ts'
import { conformance } from './suite.ts'

await conformance(`the store at ${process.env.S3_ENDPOINT ?? 'S3_ENDPOINT'}`, namedEndpoint)
