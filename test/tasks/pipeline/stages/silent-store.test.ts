import { afterAll, expect, test } from 'bun:test'
import { ended, startEntry } from '../../../lib/cli/helpers.ts'
import { scratch } from '../../object-store/store-rig.ts'
import { speaking, stopWrongServers } from '../../object-store/wrong-servers.ts'

afterAll(stopWrongServers)

test('a stage that waits for a store which never answers ends soon after it is told to stop', async () => {
  await using folder = await scratch()
  const asked = Promise.withResolvers<void>()
  const S3_ENDPOINT = speaking(() => asked.resolve())
  const env = { S3_ENDPOINT, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }
  const child = startEntry(folder.path, ['task', 'stage2', '--nvme-root', folder.path, '--nvme-min-gb', '0'], { env })
  await asked.promise
  const told = performance.now()
  child.kill('SIGTERM')
  const { exit, err } = await ended(child)
  expect(exit).toBe(143)
  expect(err).not.toContain('    at ')
  // The five seconds that an answer on its way may take, not the minute that it would be waited and asked for.
  expect(performance.now() - told).toBeLessThan(15_000)
})
