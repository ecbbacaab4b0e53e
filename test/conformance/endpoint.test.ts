import { namedEndpoint } from '../servers.ts'
import { knownAt } from './known-differences.ts'
import { conformance } from './suite.ts'

const url = process.env.S3_ENDPOINT
await conformance(`the store at ${url ?? 'S3_ENDPOINT'}`, namedEndpoint, url ? await knownAt(url) : {})
