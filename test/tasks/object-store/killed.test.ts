import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { newestRun, planText, removeRepositories, repository } from '../../lib/cli/helpers.ts'
import { noOutsider, type Outsider, outsider } from '../../outsider.ts'
import { startStore } from './store-rig.ts'

setDefaultTimeout(60_000)

const open: Outsider[] = []
afterEach(async () => {
  for (const outside of open.splice(0)) await outside.close()
})
afterAll(removeRepositories)

const size = 300_000

/** Writes one object after the other until it is killed. */
const writing = `import { objectStore } from 'assay/tasks/object-store/service'
${planText(
  'writing',
  `const store = plan.use(objectStore({ buckets: ['raw'] }))
  plan.step({ name: 'write', needs: { store }, output: v.number(), run: async ({ store }, { signal }) => {
    await Bun.write('pid', String(process.pid))
    for (let i = 0; !signal.aborted; i++) {
      await store.s3.put(store.bucket('raw'), 'n' + i, new Uint8Array(${size}).fill(i))
      if (i === 20) await Bun.write('port', new URL(store.s3.endpoint.url).port)
    }
    return 1
  } })`,
)}`

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

describe.skipIf(noOutsider !== undefined)('SIGKILL while objects are written', () => {
  test.each(['the runner', 'the store', 'a sentinel'])(
    'of %s leaves no store, its port free and what was written whole',
    async (victim) => {
      const outside = outsider()
      open.push(outside)
      const repo = repository({ writing })
      const entry = join(repo.dir, 'node_modules/assay/lib/cli/main.ts')
      const child = outside.start([process.execPath, entry, 'plan', 'writing'], { cwd: repo.dir, env: process.env })
      // The file is there a moment before what is written in it.
      while (!existsSync(join(repo.dir, 'port')) || repo.read('port') === '') {
        if (child.exitCode !== null) throw new Error(await child.stderr.text())
        await Bun.sleep(5)
      }
      const port = Number(repo.read('port'))
      expect(await isFree(port)).toBe(false)
      const [killed] = outside.alive().flatMap(({ pid, name, command }) => {
        if (victim === 'the runner') return pid === Number(repo.read('pid')) ? [pid] : []
        return (victim === 'the store' ? command.endsWith('server/main.ts') : name === 'assay-sentinel') ? [pid] : []
      })
      process.kill(killed ?? 0, 'SIGKILL')
      expect(await outside.emptied(5000)).toEqual([])
      expect(await isFree(port)).toBe(true)

      await using store = await startStore(
        join(repo.dir, await newestRun(repo, 'writing'), 'services/00-object-store/data'),
      )
      const kept = await store.s3.list('raw', '')
      expect(kept.length).toBeGreaterThan(20)
      for (const { key } of kept) {
        const bytes = await store.s3.get('raw', key)
        expect([key, bytes.length, bytes.every((byte) => byte === Number(key.slice(1)) % 256)]).toEqual([
          key,
          size,
          true,
        ])
      }
    },
  )
})
