import { describe } from 'bun:test'
import { memoryStore } from '../../../lib/record/memory.ts'
import { storeSuite } from './store-suite.ts'

describe('runs in memory', () => storeSuite(() => memoryStore()))
