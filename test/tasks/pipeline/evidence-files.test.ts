import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileWatch, watchFiles } from '../../../tasks/pipeline/evidence-files.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

let folder = ''
let root = ''
let keep = ''
let watch: FileWatch
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-watch-'))
  root = join(folder, 'nvme')
  keep = join(folder, 'keep')
  for (const name of ['input', 'output', 'work']) mkdirSync(join(root, name), { recursive: true })
  mkdirSync(keep)
  watch = await watchFiles(root, keep)
})
afterEach(async () => {
  await watch.close()
  rmSync(folder, { recursive: true, force: true })
})

const sha256 = (text: string) => Bun.SHA256.hash(text, 'hex')
const contents = async () => (await watch.stop()).map(({ path, content }) => [path, content?.sha256])

/** Resolves once the watch has seen something new. */
async function seen(): Promise<void> {
  const before = watch.changedAt()
  while (watch.changedAt() === before) await Bun.sleep(2)
}

/** A program of its own writes: the watch is never in the middle of what it watches. */
async function program(script: string): Promise<void> {
  const child = Bun.spawn(['bash', '-euc', script], { cwd: root, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' })
  expect(await child.exited).toBe(0)
}

describe('a watch over local disk', () => {
  test('keeps the content of three hundred files in new folders that are deleted a moment later', async () => {
    await program(`for i in $(seq 1 300); do
      mkdir -p input/$((i % 7))/$i; echo "content $i" > input/$((i % 7))/$i/image.jpg
      if ((i > 5)); then rm -r input/$(((i - 5) % 7))/$((i - 5)); fi; sleep 0.002
    done`)
    const files = await watch.stop()
    const kept = new Set(files.flatMap(({ content }) => content?.sha256 ?? []))
    const missing = Array.from({ length: 300 }, (_, i) => i + 1).filter((i) => !kept.has(sha256(`content ${i}\n`)))
    expect(missing).toEqual([])
  })

  test('knows bytes, hash and the time of the last write', async () => {
    const from = Date.now() - 20
    const path = join(root, 'output', 'a b ö.txt')
    writeFileSync(path, 'first, ')
    writeFileSync(path, 'then more', { flag: 'a' })
    const [file] = await watch.stop()
    expect(file).toMatchObject({ path: 'output/a b ö.txt', content: { bytes: 16, sha256: sha256('first, then more') } })
    expect(file?.content?.finalAt).toBeWithin(from, Date.now() + 1)
    expect(file?.firstSeenAt).toBeWithin(from, Date.now() + 1)
  })

  test('is not misled by a time that was set back', async () => {
    const from = Date.now() - 20
    writeFileSync(join(root, 'output', 'a'), 'x')
    utimesSync(join(root, 'output', 'a'), 1, 1)
    const [file] = await watch.stop()
    expect(file?.content?.finalAt).toBeGreaterThan(from)
  })

  test('follows a file written elsewhere and moved in, and one replaced by another', async () => {
    writeFileSync(join(root, 'work', 'part'), 'one')
    renameSync(join(root, 'work', 'part'), join(root, 'output', 'a'))
    await seen()
    writeFileSync(join(root, 'work', 'part'), 'two')
    renameSync(join(root, 'work', 'part'), join(root, 'output', 'a'))
    expect(await contents()).toEqual([
      ['output/a', sha256('one')],
      ['output/a', sha256('two')],
    ])
  })

  test('sees nothing of other folders, and through links', async () => {
    writeFileSync(join(root, 'work', 'secret'), 'x')
    writeFileSync(join(root, 'work', 'big'), 'linked')
    symlinkSync(join(root, 'work', 'big'), join(root, 'input', 'link'))
    symlinkSync(join(root, 'nowhere'), join(root, 'input', 'dangling'))
    const files = (await contents()).sort()
    expect(files).toEqual([
      ['input/dangling', undefined],
      ['input/link', sha256('linked')],
    ])
  })

  test('goes on when a program removes and makes the folders anew', async () => {
    await program(
      'rm -r input output; sleep 0.1; mkdir -p input/new output; sleep 0.1; echo hello > input/new/a; sleep 0.1',
    )
    expect(await contents()).toEqual([['input/new/a', sha256('hello\n')]])
  })

  test('gives the space of deleted files back while it goes on', async () => {
    await program('head -c 1000000 /dev/zero > input/a; sleep 0.2; rm input/a')
    while (readdirSync(keep).length > 0) await Bun.sleep(10)
    const [file] = await watch.stop()
    expect(file?.content?.bytes).toBe(1_000_000)
  })

  test('leaves the files and nothing of its own', async () => {
    writeFileSync(join(root, 'input', 'a'), 'x')
    await watch.stop()
    expect(existsSync(join(root, 'input', 'a'))).toBe(true)
    expect(readdirSync(keep)).toEqual([])
  })
})
