import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import { listImages } from '../../../tasks/images/folder.ts'
import { watchFiles } from '../../../tasks/pipeline/evidence-files.ts'
import { readManifest } from '../../../tasks/pipeline/manifest.ts'
import { openLocalDisk } from '../../../tasks/pipeline/stage/local-disk.ts'
import { isS3Uri } from '../../../tasks/pipeline/uri.ts'

// A busy machine takes its time to start a thread.
setDefaultTimeout(120_000)

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'assay-pipeline-escapes-')))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const outside = join(scratch, 'outside')
mkdirSync(join(outside, 'folder'), { recursive: true })
writeFileSync(join(outside, 'theirs.jpg'), 'theirs')
writeFileSync(join(outside, 'folder/more.jpg'), 'more of theirs')

const none = { kind: 'refused' } as const

describe('local disk', () => {
  test('takes every key that S3 takes, each as one file of its own in its folder', async () => {
    const root = join(scratch, 'nvme')
    const disk = await openLocalDisk(root, 0, 'stage1-x')
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '/', '\\', '\0', 'a', '~', '%2e', '\n', 'é', '🔑', 'x'.repeat(256)),
      fc.string(),
    )
    const key = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(key, fc.constantFrom('input', 'output'), async (key, folder) => {
        const path = await disk.write(folder, key, Buffer.from(key))
        expect(dirname(path)).toBe(join(root, folder))
        expect(Buffer.byteLength(basename(path))).toBeLessThanOrEqual(255)
        expect(readFileSync(path, 'utf8')).toBe(Buffer.from(key).toString())
      }),
      { numRuns: 200 },
    )
    const paths = await Promise.all(['a', 'a/b', 'a/', 'b/a'].map((key) => disk.write('input', key, Buffer.from(key))))
    expect(new Set(paths).size).toBe(4)
    expect(readdirSync(root).sort()).toEqual(['cache', 'input', 'output', 'work'])
    writeFileSync(join(root, 'input', 'stage2-x-kept'), '')
    await disk.clear()
    expect(readdirSync(root, { recursive: true }).sort()).toEqual([
      'cache',
      'input',
      join('input', 'stage2-x-kept'),
      'output',
      'work',
    ])
  })

  test.each(['input', 'work', 'output', 'cache'])(
    'whose %s is a link elsewhere is refused with a sentence',
    async (name) => {
      const root = join(scratch, `linked-${name}`)
      mkdirSync(root)
      symlinkSync(outside, join(root, name))
      const refused = await openLocalDisk(root, 0, 'theirs').then(
        () => none,
        (error: Error) => error.message,
      )
      expect(refused).toMatch(/'NVME_ROOT' must be reached without a symbolic link/)
      expect(existsSync(join(outside, 'theirs.jpg'))).toBe(true)
    },
  )

  test('writes through no link that lies in wait under the name it will use', async () => {
    const root = join(scratch, 'waiting')
    const disk = await openLocalDisk(root, 0, 'stage1-x')
    symlinkSync(join(outside, 'theirs.jpg'), join(root, 'work', `stage1-x-${process.pid}-1.part`))
    expect(
      await disk.write('input', 'key', Buffer.from('ours')).then(
        () => none,
        () => 'refused',
      ),
    ).toBe('refused')
    expect(readFileSync(join(outside, 'theirs.jpg'), 'utf8')).toBe('theirs')
  })
})

test('a watch over local disk reads nothing that links lead to elsewhere, and comes to an end over links in circles', async () => {
  const [root, keep] = [join(scratch, 'watched'), join(scratch, 'keep')]
  for (const path of [join(root, 'input/a'), join(root, 'cache'), join(root, 'output'), keep])
    mkdirSync(path, { recursive: true })
  const watch = await watchFiles(root, keep)
  try {
    symlinkSync(join(outside, 'theirs.jpg'), join(root, 'input/file.jpg'))
    symlinkSync(join(outside, 'folder'), join(root, 'input/folder'))
    for (const name of ['up', 'self', 'again']) symlinkSync('..', join(root, 'input/a', name))
    writeFileSync(join(root, 'cache/own.jpg'), 'own')
    symlinkSync(join(root, 'cache/own.jpg'), join(root, 'input/own.jpg'))
    writeFileSync(join(root, 'input/real.jpg'), 'real')
    const found = await watch.stop()
    expect(found.map(({ path, content }) => [path, content?.bytes]).sort()).toEqual([
      ['input/own.jpg', 3],
      ['input/real.jpg', 4],
    ])
  } finally {
    await watch.close()
  }
  expect(readdirSync(keep)).toEqual([])
  expect(readFileSync(join(outside, 'theirs.jpg'), 'utf8')).toBe('theirs')
})

describe('a manifest', () => {
  const entry = { source_uri: 's3://raw/a.jpg', width: 1, height: 1, augmentation: 'x' }
  const manifest = (uri: string) =>
    JSON.stringify({
      dataset_id: 'd',
      stage: 1,
      timestamp: '2026-11-21T00:00:00Z',
      object_count: 1,
      objects: [{ ...entry, output_uri: uri }],
      metadata: {},
    })

  test.each(['file:///etc/passwd', '/etc/passwd', '../../x', 's3://../x', 's3:///x', 's3://b', 'https://host/x', ''])(
    'that names %j is a breach, told in a sentence',
    (uri) => {
      const read = readManifest(1, manifest(uri), 's3://manifests/m.json')
      expect(read).toEqual({ ok: false, breach: expect.stringContaining('objects.0.output_uri') })
    },
  )

  test('may name any key of S3, which is a name in a bucket and nothing on disk', () => {
    for (const key of ['../../x', '/etc/passwd', 'a//b', '..']) expect(isS3Uri(`s3://augmented/${key}`)).toBe(true)
  })
})

test('of a person’s folder of images, links to images are followed and linked folders are not', async () => {
  const { drawPhoto } = await import('../../../tasks/images/samples.ts')
  const folder = join(scratch, 'images')
  mkdirSync(folder)
  const [photo, more] = [join(outside, 'photo.jpg'), join(outside, 'folder/photo.jpg')]
  const bytes = await drawPhoto({ width: 32, height: 32, seed: 1 })
  for (const path of [photo, more]) writeFileSync(path, bytes)
  symlinkSync(photo, join(folder, 'linked.jpg'))
  symlinkSync(join(outside, 'folder'), join(folder, 'sub'))
  symlinkSync('.', join(folder, 'self'))
  expect((await listImages(folder)).map(({ path }) => path)).toEqual(['linked.jpg'])
  symlinkSync('/etc/passwd', join(folder, 'passwd.jpg'))
  const refused = await listImages(folder).then(
    () => none,
    (error: Error) => error.message,
  )
  expect(refused).toMatch(/^Cannot use images as 'passwd\.jpg' must be a whole JPEG/)
})
