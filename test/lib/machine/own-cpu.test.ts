import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { machineOf, removeShapes } from './shapes.ts'

afterAll(removeShapes)

const home = join(import.meta.dir, '../../..')

/** Uses 0.4 s of CPU, however long that takes, and says so by a file. */
const burn = (done: string, then: string) =>
  `while (process.cpuUsage().user + process.cpuUsage().system < 4e5); require('fs').writeFileSync('${done}', ''); ${then}`

/** What a process of its own prints, which looks at the machine before and after `between`. */
async function looking(between: string, options: { readonly go?: () => Promise<unknown> } = {}): Promise<number[]> {
  const code = `
    import { existsSync } from 'node:fs'
    import { lookAtLinux } from './lib/machine/linux.ts'
    import { ownCpu } from './lib/machine/own-cpu.ts'
    import { holdTree } from './lib/shell/tree.ts'
    const bun = process.execPath
    const there = async (path) => { while (!existsSync(path)) await Bun.sleep(20) }
    const tree = holdTree()
    const before = lookAtLinux('', 0, 1, ownCpu())
    ${between}
    const after = lookAtLinux('', 0, 1, ownCpu())
    await tree.sweep(true)
    await tree.close()
    console.log(JSON.stringify([after.own - before.own, after.busy - before.busy - (after.own - before.own)]))`
  const child = Bun.spawn([process.execPath, '-e', code], { cwd: home, stdin: 'pipe', stdout: 'pipe' })
  await options.go?.()
  child.stdin.end()
  return JSON.parse(await child.stdout.text())
}

describe.skipIf(process.platform !== 'linux')('the CPU time of a run', () => {
  const done = () => join(machineOf({}), 'done')

  test('has that of a child that has ended', async () => {
    const file = done()
    const [own] = await looking(`await Bun.spawn([bun, '-e', ${JSON.stringify(burn(file, ''))}]).exited`)
    expect(own).toBeGreaterThanOrEqual(0.35)
  }, 60_000)

  test('has that of a child that goes on', async () => {
    const file = done()
    const [own] = await looking(`
      const child = Bun.spawn([bun, '-e', ${JSON.stringify(burn(file, 'setInterval(() => {}, 1000)'))}])
      await there('${file}')`)
    expect(own).toBeGreaterThanOrEqual(0.35)
  }, 60_000)

  test('has that of a daemon, which has left its session and its parent', async () => {
    const file = done()
    const script = join(machineOf({ 'daemon.js': burn(file, 'setInterval(() => {}, 1000)') }), 'daemon.js')
    const [own] = await looking(`
      Bun.spawnSync(['sh', '-c', '(setsid "$0" "$1" &) > /dev/null 2>&1', bun, '${script}'], { stdout: 'ignore', stderr: 'ignore' })
      await there('${file}')`)
    expect(own).toBeGreaterThanOrEqual(0.35)
  }, 60_000)

  test('has not that of others, which is the load', async () => {
    const [file, go] = [done(), done()]
    const neighbour = async () => {
      while (!(await Bun.file(go).exists())) await Bun.sleep(5)
      await Bun.spawn([process.execPath, '-e', burn(file, '')]).exited
    }
    const [own, others] = await looking(`require('fs').writeFileSync('${go}', ''); await there('${file}')`, {
      go: neighbour,
    })
    expect(own).toBeLessThan(0.35)
    expect(others).toBeGreaterThanOrEqual(0.3)
  }, 60_000)
})
