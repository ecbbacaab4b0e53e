import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, openSync } from 'node:fs'
import { join } from 'node:path'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

const library = join(import.meta.dir, '../../../lib/shell/stdout.ts')

/** Runs `script` with `out`, the guarded stdout, in a process of its own. */
function run(script: string, stdout: 'pipe' | number = 'pipe') {
  const source = `import { guardStdout } from '${library}'\nconst out = guardStdout()\n${script}`
  return Bun.spawn([process.execPath, '-e', source], { stdin: 'ignore', stdout, stderr: 'pipe' })
}

async function ended(child: ReturnType<typeof run>) {
  const stdout = child.stdout instanceof ReadableStream ? await child.stdout.text() : ''
  const stderr = child.stderr instanceof ReadableStream ? await child.stderr.text() : ''
  return { stdout, stderr, code: await child.exited }
}

describe('a guarded stdout', () => {
  test('carries what is written to it, in order, and nothing else', async () => {
    const result = await ended(
      run(`
        out.write('one\\n')
        console.log('from a plan')
        process.stdout.write('from a library\\n')
        Bun.spawnSync(['echo', 'from a child'], { stdout: 'inherit' })
        require('node:child_process').spawnSync('sh', ['-c', 'echo from a shell'], { stdio: 'inherit' })
        await Bun.write(Bun.stdout, 'from Bun\\n')
        out.write('two\\n')
        await out.flush()`),
    )
    expect(result.stdout).toBe('one\ntwo\n')
    for (const line of ['a plan', 'a library', 'a child', 'a shell', 'Bun']) expect(result.stderr).toContain(line)
    expect(result.code).toBe(0)
  })

  test.skipIf(!existsSync('/proc/self/fd'))('is not inherited by a child', async () => {
    const result = await ended(
      run(`
        const list = 'ls -l /proc/self/fd; readlink /proc/' + process.pid + '/fd/* | sort | uniq -c'
        Bun.spawnSync(['sh', '-c', list], { stdout: 'inherit' })
        const { spawnSync } = require('node:child_process')
        spawnSync('sh', ['-c', 'for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo leaked >&$fd; done'], { stdio: 'ignore' })
        await out.flush()`),
    )
    expect(result.stdout).toBe('')
  })

  test('delivers ten megabytes to a slow reader without holding up the writer', async () => {
    const child = run(`
      for (let i = 0; i < 10; i++) out.write('x'.repeat(1e6))
      console.error('queued')
      await out.flush()`)
    if (!(child.stderr instanceof ReadableStream) || !(child.stdout instanceof ReadableStream))
      throw new Error('no pipes')
    // Nothing of stdout has been read when it says that all is queued.
    expect(await child.stderr.text().then((text) => text.trim(), String)).toBe('queued')
    expect((await child.stdout.text()).length).toBe(1e7)
  })

  test('ends quietly when its reader has gone away', async () => {
    const child = run(`
      while (!out.closed) { out.write('line\\n'.repeat(1000)); await out.flush() }
      out.write('dropped')
      await out.flush()
      console.error('closed')`)
    if (!(child.stderr instanceof ReadableStream) || !(child.stdout instanceof ReadableStream))
      throw new Error('no pipes')
    const reader = child.stdout.getReader()
    await reader.read()
    await reader.cancel()
    expect([await child.stderr.text(), await child.exited]).toEqual(['closed\n', 0])
  })

  test.skipIf(!existsSync('/dev/full'))('says so when the disk is full', async () => {
    const result = await ended(
      run(
        `out.write('x')\nawait out.flush().catch((error) => console.error(error.name, error.message))`,
        openSync('/dev/full', 'w'),
      ),
    )
    expect(result.stderr).toStartWith('Problem Cannot write to stdout: ENOSPC')
  })
})
