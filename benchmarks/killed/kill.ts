import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outsider } from './alive.ts'
import { partOf, type Task, tasks, writeJob } from './job.ts'
import type { Killed } from './results.ts'
import type { Runner, Victim } from './runners.ts'

/**
 * Runs the job in `folder`, kills the victim with SIGKILL when the children of `two` are up, and looks. Undefined when this
 * runner has no such victim.
 */
export async function kill(runner: Runner, victim: Victim, folder: string): Promise<Killed | undefined> {
  const token = String(Math.floor(Math.random() * 1e9)).padStart(9, '0')
  runner.prepare(folder)
  writeJob(folder, token)
  const terminal = join(folder, 'terminal.txt')
  const outside = outsider(token)
  try {
    const child = start(runner.argv)
    const deadline = performance.now() + 60_000
    while (!existsSync(join(folder, 'up'))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${runner.name} did not come to its second task: ${readFileSync(terminal, 'utf8')}`)
      await Bun.sleep(5)
    }
    const shell = Number(readFileSync(join(folder, 'up'), 'utf8'))
    const pid = victim.find(child.pid, shell, folder)
    if (pid === undefined) return undefined
    process.kill(pid, 'SIGKILL')
    const exit = await Promise.race([child.exited, Bun.sleep(30_000)])
    await Bun.sleep(2000)
    const alive = [...outside.alive().values()].map((command) => partOf(command, token) ?? programOf(command)).sort()
    const passed = runner.passed(folder)
    const ended = ran('ended')
    // What the kill left must not help or hinder the next start, which is about results.
    await outside.killAll()
    const before = ran('began').length
    writeFileSync(join(folder, 'quick'), '')
    await start(runner.again).exited
    return {
      exit: exit ?? null,
      kept: passed.filter((task) => ended.includes(task)),
      lost: ended.filter((task) => !passed.includes(task)),
      untrue: passed.filter((task) => !ended.includes(task)),
      alive,
      next: ran('began').slice(before),
    }
  } finally {
    await outside.killAll()
    outside.close()
  }

  function start(argv: readonly string[]) {
    const fd = openSync(terminal, 'a')
    const child = Bun.spawn([...outside.enter(argv)], { cwd: folder, stdin: 'ignore', stdout: fd, stderr: fd })
    closeSync(fd)
    return child
  }

  function ran(what: 'began' | 'ended'): readonly Task[] {
    const lines = readFileSync(join(folder, 'ran.log'), 'utf8').split('\n')
    return lines.flatMap((line) => tasks.filter((task) => line === `${task} ${what}`))
  }
}

function programOf(command: string): string {
  const [program = ''] = command.split(' ')
  return program.split('/').at(-1) ?? program
}
