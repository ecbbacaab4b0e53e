import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { script } from '../../../lib/shell/sentinel.ts'
import { sweepTags } from '../../../lib/shell/tree.ts'
import { type Outsider, outsider } from '../../outsider.ts'
import { runs } from './runs.ts'

setDefaultTimeout(60_000)

const tree = JSON.stringify(join(import.meta.dir, '../../../lib/shell/tree.ts'))
const open: Outsider[] = []
afterEach(async () => {
  for (const outside of open.splice(0)) await outside.close()
})

/** Why nobody else can be had to run it; undefined: somebody can. */
const noOtherUser = (() => {
  if (process.getuid?.() !== 0) return 'only root can be another user'
  if (Bun.which('setpriv') === null) return 'there is no setpriv'
  const reads = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    process.execPath,
    '-e',
    `await import(${tree})`,
  ]
  return Bun.spawnSync(reads).exitCode === 0 ? undefined : 'this checkout, or this Bun, is closed to other users'
})()
if (noOtherUser !== undefined) console.log(`the sentinels of another user: skipped (${noOtherUser})`)

/** Runs a program that holds its tree, inside of an outsider; the lines it prints, once it has printed `ready`. */
async function holding(body: string, before: readonly string[] = []) {
  const outside = outsider()
  open.push(outside)
  const source = `
    import { readFileSync } from 'node:fs'
    import { holdTree } from ${tree}
    const limit = () => readFileSync('/proc/self/limits', 'utf8').match(/realtime timeout +(\\S+)/)[1]
    const sleeper = (how = 'exec sleep 600') => Bun.spawn(['/bin/sh', '-c', how], { stdio: ['ignore', 'ignore', 'ignore'] }).pid
    ${body}
    console.log('ready')
    setInterval(() => {}, 1000)`
  const child = outside.start([...before, process.execPath, '-e', source], { env: process.env })
  const reader = child.stdout.getReader()
  let text = ''
  while (!text.includes('ready\n')) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`It ended:\n${text}\n${await child.stderr.text()}`)
    text += Buffer.from(value).toString()
  }
  return { outside, child, said: text.split('\n').slice(0, -2) }
}

const sleeps = ({ outside }: { outside: Outsider }) =>
  outside.alive().filter(({ command }) => command === 'sleep 600').length

/** Waits until so many of its sleepers have become what they are called. */
async function asleep(held: { outside: Outsider }, count: number): Promise<void> {
  while (sleeps(held) !== count) await Bun.sleep(5)
}

describe.skipIf(process.platform !== 'linux')('the mark', () => {
  test('is on this process while it is held, by however many, and then gone', async () => {
    const { said } = await holding(`
      console.log(limit())
      const [one, two] = [holdTree(), holdTree()]
      console.log(limit().startsWith(one.tag) && one.tag === two.tag)
      one.release()
      one.release()
      console.log(limit().startsWith(two.tag))
      two.release()
      console.log(limit())
      console.log(holdTree().tag !== one.tag)`)
    expect(said).toEqual(['unlimited', 'true', 'true', 'unlimited', 'true'])
  })

  test('what a program started before it, or after it, is left alone when the program is killed', async () => {
    const held = await holding(`
      sleeper()
      const tree = holdTree()
      sleeper()
      tree.release()
      sleeper()
      holdTree()`)
    await asleep(held, 3)
    held.child.kill('SIGKILL')
    // The sentinels of the second hold look for its mark alone.
    while (held.outside.alive().some(({ command }) => command.includes('sentinel'))) await Bun.sleep(5)
    expect(sleeps(held)).toBe(3)
  })

  test('a sweep ends what lost its parent, and all of it where nothing else goes on', async () => {
    const held = await holding(`
      const tree = holdTree()
      sleeper()
      await Bun.spawn(['sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 & exit']).exited
      console.log(await tree.sweep(false))
      console.log(await tree.sweep(true))
      const other = holdTree()
      sleeper()
      console.log(await tree.sweep(true))`)
    expect(held.said).toEqual(['1', '1', '0'])
    await asleep(held, 1)
  })

  test('of a run inside of another is found by both', async () => {
    const inner = `
      import { holdTree } from ${tree}
      import { readFileSync } from 'node:fs'
      const tree = holdTree()
      Bun.spawn(['setsid', 'sleep', '600'], { stdio: ['ignore', 'ignore', 'ignore'] })
      console.log([process.pid, tree.tag].join())
      setInterval(() => {}, 1000)`
    const start = `
      const outer = holdTree()
      const inner = Bun.spawn([process.execPath, '-e', ${JSON.stringify(inner)}], { stdout: 'pipe' })
      const [pid, tag] = new TextDecoder().decode((await inner.stdout.getReader().read()).value).trim().split(',')
      sleeper()
      console.log(tag.startsWith(outer.tag) && tag !== outer.tag)
      console.log(pid)`
    const whole = await holding(start)
    expect(whole.said[0]).toBe('true')
    await asleep(whole, 2)
    whole.child.kill('SIGKILL')
    expect(await whole.outside.emptied(5000)).toEqual([])

    const part = await holding(start)
    await asleep(part, 2)
    process.kill(Number(part.said[1]), 'SIGKILL')
    await asleep(part, 1)
    const sentinels = () => part.outside.alive().filter(({ command }) => command.includes('sentinel')).length
    while (sentinels() > 2) await Bun.sleep(5)
    expect(sentinels()).toBe(2)
    expect(runs(part.child.pid)).toBe(true)
  })

  test('of a run that goes on is left alone by the next start, and swept once nobody is left to', async () => {
    const held = await holding('console.log(holdTree().tag); sleeper()')
    await asleep(held, 1)
    const run = { tag: held.said[0] ?? '', runner: held.child.pid }
    expect(await sweepTags([run])).toEqual([])
    expect(sleeps(held)).toBe(1)
    const guards = held.outside.alive().flatMap(({ pid, command }) => (command.includes('sentinel') ? [pid] : []))
    for (const pid of [...guards, run.runner]) process.kill(pid, 'SIGSTOP')
    for (const pid of [...guards, run.runner]) process.kill(pid, 'SIGKILL')
    await held.child.exited
    expect(sleeps(held)).toBe(1)
    expect(await sweepTags([run, { tag: '1999999999', runner: 1 }])).toEqual([run.tag])
    expect(await held.outside.emptied(5000)).toEqual([])
  })

  test.skipIf(Bun.which('prlimit') === null)('that can not be set leaves process groups, and says why', async () => {
    const source = JSON.stringify(join(import.meta.dir, '../../../lib/shell/process.ts'))
    const held = await holding(
      `const tree = holdTree()
      console.log(tree.tag, tree.unmarked)
      const { startProcess } = await import(${source})
      startProcess('sleep 600 & sleep 600', { cwd: '/', env: process.env, grace: 100 })
      await startProcess('true', { cwd: '/', env: process.env, grace: 100 }).done`,
      ['prlimit', '--rttime=1000000:1000000'],
    )
    expect(held.said).toEqual(['undefined the hard limit on real-time CPU is 1000000 µs'])
    await asleep(held, 2)
    held.child.kill('SIGKILL')
    expect(await held.outside.emptied(5000)).toEqual([])
  })
})

describe.skipIf(process.platform !== 'linux')('the sentinels', () => {
  test('take a descriptor that was closed by mistake for no death', async () => {
    const held = await holding(`
      const { closeSync, readlinkSync } = await import('node:fs')
      holdTree()
      sleeper()
      for (let fd = 3; fd < 100; fd++) try { if (readlinkSync('/proc/self/fd/' + fd).startsWith('pipe:')) closeSync(fd) } catch {}`)
    await Bun.sleep(300)
    await asleep(held, 1)
    held.child.kill('SIGKILL')
    expect(await held.outside.emptied(5000)).toEqual([])
  })

  test('find whom to end without any program but the shell', async () => {
    const held = await holding(`console.log(holdTree().tag); sleeper(); sleeper('setsid sleep 600 & exec sleep 600')`)
    await asleep(held, 3)
    const guards = held.outside.alive().filter(({ name }) => name === 'assay-sentinel')
    for (const { pid } of guards) process.kill(pid, 'SIGKILL')
    const sentinel = Bun.spawn(['/bin/sh', '-c', 'eval "$script"', 'assay-sentinel', `${held.child.pid}`], {
      env: { PATH: '/nowhere', script },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    sentinel.stdin.write(`tag ${held.said[0]}\n`)
    sentinel.stdin.flush()
    held.child.kill('SIGKILL')
    await held.child.exited
    sentinel.stdin.end()
    expect(await held.outside.emptied(5000)).toEqual([])
    await sentinel.exited
  })

  test('hear no signal but SIGKILL, and say by their name whose they are', async () => {
    const held = await holding('holdTree()')
    const sentinels = () => held.outside.alive().filter(({ name }) => name === 'assay-sentinel')
    for (const { pid } of sentinels())
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal)
    await Bun.sleep(50)
    expect(sentinels().map(({ command }) => command.split(' ').at(-1))).toEqual([
      `${held.child.pid}`,
      `${held.child.pid}`,
    ])
  })

  test('one that is killed is told to whoever holds the tree, and the next hold has two again', async () => {
    const held = await holding(`
      const tree = holdTree()
      const { promise, resolve } = Promise.withResolvers()
      tree.onLost(resolve)
      const [pid] = readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').split(' ')
      process.kill(Number(pid), 'SIGKILL')
      await promise
      tree.release()
      holdTree()`)
    const sentinels = () => held.outside.alive().filter(({ command }) => command.includes('assay-sentinel')).length
    // The old one goes, and the new one has its name a moment after it is born.
    const deadline = performance.now() + 10_000
    while (sentinels() !== 2 && performance.now() < deadline) await Bun.sleep(5)
    expect(sentinels()).toBe(2)
  })

  test.skipIf(noOtherUser !== undefined)('work for any user', async () => {
    const held = await holding('holdTree(); sleeper("setsid sleep 600 & exec sleep 600")', [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
    ])
    await asleep(held, 2)
    expect(readFileSync(`/proc/${held.child.pid}/status`, 'utf8')).toMatch(/^Uid:\s+65534/m)
    held.child.kill('SIGKILL')
    expect(await held.outside.emptied(5000)).toEqual([])
  })
})
