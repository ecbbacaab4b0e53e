import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../../../lib/shell/process.ts'
import { type TreeUsage, watchTree } from '../../../tasks/resources/tree-usage.ts'

// A busy machine takes its time to start programs.
setDefaultTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'assay-usage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Megabytes held, and seconds of CPU burnt, by one process. */
const program = join(folder, 'program.ts')
await Bun.write(
  program,
  `const [megabytes, seconds] = process.argv.slice(2).map(Number)
   const held = Buffer.alloc(megabytes * 1e6, 1)
   const spent = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6 }
   let n = 0
   while (spent() < seconds) n++
   if (n + held.length === 0) console.log(n)`,
)
const env = { PATH: process.env.PATH, BUN: process.execPath, PROGRAM: program }

async function usageOf(command: string): Promise<TreeUsage> {
  const child = startProcess(command, { cwd: folder, env, grace: 1000 })
  const watch = watchTree(child.pid ?? 0)
  try {
    expect(await child.done).toEqual({ kind: 'exited', code: 0 })
  } finally {
    watch.stop(undefined)
  }
  return watch.stop(child.usage())
}

const run = (megabytes: number, seconds: number) => `"$BUN" "$PROGRAM" ${megabytes} ${seconds}`

test.skipIf(process.platform !== 'linux')('memory is that of all processes at once, and of no others', async () => {
  const other = usageOf(`${run(400, 0.6)}; true`)
  const { memory = 0 } = await usageOf(`${run(120, 0.6)} & ${run(120, 0.6)} & wait`)
  expect(memory).toBeGreaterThan(240e6)
  expect(memory).toBeLessThan(600e6)
  expect((await other).memory).toBeGreaterThan(400e6)
})

test('CPU time counts children that came and went', async () => {
  const { cpuSeconds } = await usageOf(`for i in 1 2 3; do ${run(1, 0.15)}; done`)
  expect(cpuSeconds).toBeGreaterThan(0.45)
})

test.skipIf(process.platform !== 'linux')('CPU time counts what lost its parent, which nobody waits for', async () => {
  // Its shell has ended, so that no process of the tree is its parent.
  const { cpuSeconds } = await usageOf(
    `sh -c '(${run(1, 0.5)}; touch done) &'; until test -e done; do sleep 0.01; done`,
  )
  expect(cpuSeconds).toBeGreaterThan(0.4)
})

const inMemory = statfsSync(folder).type === 0x01021994 // TMPFS_MAGIC, linux/magic.h

test.skipIf(process.platform !== 'linux' || inMemory)(
  'bytes written to disk are those of all, soon deleted or not',
  async () => {
    const { written } = await usageOf('head -c 2000000 /dev/zero > a; (head -c 3000000 /dev/zero > b); rm a b')
    expect(written).toBeGreaterThanOrEqual(5e6)
    expect(written).toBeLessThan(8e6)
  },
)

test("of a tree that nothing was seen of only the kernel's account is known", () => {
  const watch = watchTree(2 ** 30)
  expect(watch.stop({ cpuSeconds: 2, written: 5 })).toEqual({ cpuSeconds: 2, memory: undefined, written: 5 })
})

test.skipIf(process.platform !== 'linux')(
  'a look for which no file is left to open is missed, and no more',
  async () => {
    const code = `
    import { closeSync, openSync } from 'node:fs'
    import { watchTree } from '${join(import.meta.dir, '../../../tasks/resources/tree-usage.ts')}'
    const watch = watchTree(process.pid)
    const held = []
    const scarce = () => { try { for (;;) held.push(openSync('/dev/null')) } catch { return 'full' } }
    console.log(scarce())
    let turn = 0
    const timer = setInterval(() => {
      turn += 1
      if (turn < 5) return void scarce()
      for (const fd of held.splice(0)) closeSync(fd)
      if (turn < 15) return
      clearInterval(timer)
      console.log(watch.stop(undefined).memory > 0 ? 'seen' : 'not seen')
    }, 30)`
    await Bun.write(join(folder, 'scarce.ts'), code)
    const child = Bun.spawn(
      ['sh', '-c', `ulimit -n 100; exec "$0" "$1"`, process.execPath, join(folder, 'scarce.ts')],
      {
        stdout: 'pipe',
        stderr: 'inherit',
      },
    )
    expect(await child.stdout.text()).toBe('full\nseen\n')
    expect(await child.exited).toBe(0)
  },
)
