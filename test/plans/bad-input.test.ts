import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../tasks/object-store/connect.ts'
import { endpointVariables } from '../../tasks/object-store/endpoint.ts'
import type { StageName } from '../../tasks/pipeline/black-box.ts'
import { limiter } from '../../tasks/pipeline/stage/bounded.ts'
import { newestRun, type Ran, type Repository, removeRepositories, sentenceOf } from '../lib/cli/helpers.ts'
import { type RunningServer, startEmbedded } from '../servers.ts'
import { landmark, pngOf } from '../tasks/images/pictures.ts'
import { answering, closedPort, speaking, stopWrongServers } from '../tasks/object-store/wrong-servers.ts'
import { fixture } from '../tasks/pipeline/stage-rig.ts'
import { ownPlan, plainPath, sets } from './own-plans.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

const scratch = mkdtempSync(join(tmpdir(), 'assay-bad-input-'))
const folder = (name: string) => join(scratch, name)
let store: RunningServer

beforeAll(async () => {
  const whole = await landmark(96, 64).jpeg().toBuffer()
  const put = (path: string, bytes: Uint8Array | string) => Bun.write(folder(path), bytes)
  mkdirSync(folder('empty'))
  await put('tiny/a.jpg', whole)
  await put('tiny/sub dir/b.png', await landmark(40, 30).png().toBuffer())
  for (const name of ['truncated', 'text', 'bomb']) await put(`${name}/a.jpg`, whole)
  await put('truncated/cut.jpg', whole.subarray(0, whole.length / 2))
  await put('text/notes.jpg', 'These are notes.\n')
  // A few hundred kilobytes that would be 900 megapixels.
  await put('bomb/bomb.png', pngOf(30_000, 30_000, Buffer.alloc(30_000 * (1 + 30_000 / 8))))
  store = await startEmbedded()
})

afterAll(async () => {
  await store.stop()
  stopWrongServers()
  removeRepositories()
  rmSync(scratch, { recursive: true, force: true })
})

// Two at once, as many as the cores of a small machine: these tests mostly wait.
const atOnce = limiter(2)

type Plan = 'functional-1' | 'functional-2'

interface Told extends Ran {
  readonly repo: Repository
  /** What was told as wrong, each once. */
  readonly sentences: readonly string[]
  /** The run's folder. */
  readonly run: string
}

/** Runs the real command, and holds what every end must keep to: nothing but the view is printed, and nothing that was found is lost. */
async function told(
  plan: Plan,
  params: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = plainPath,
): Promise<Told> {
  return atOnce(async () => {
    const repo = ownPlan(plan)
    const ran = await repo.run(['plan', plan, ...sets({ images: folder('tiny'), ...params })], { env })
    return keptAll(repo, plan, ran)
  })
}

async function keptAll(repo: Repository, plan: Plan, ran: Ran): Promise<Told> {
  const run = await newestRun(repo, plan)
  expect(ran.err).toBe('')
  expect(ran.out).not.toMatch(/Internal error|^\s+at .*:\d+:\d+/m)
  const events = repo
    .read(`${run}/journal.jsonl`)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.at(-1)).toMatchObject({ event: 'run-ended', outcome: ran.exit === 1 ? 'failed' : 'errored' })
  expect(readdirSync(join(repo.dir, run))).toEqual(expect.arrayContaining(['junit.xml', 'results.csv']))
  // What was told can be told again (of a resumed run, with what was told before), and each step has its row.
  const sentences = sentencesIn(ran)
  const report = await repo.run(['report', run])
  expect(report.exit).toBe(0)
  expect(sentencesIn(report)).toEqual(expect.arrayContaining([...sentences]))
  expect(repo.read(`${run}/results.csv`).match(/,duration,s,/g)).toHaveLength(7)
  return { ...ran, repo, run, sentences }
}

function sentencesIn({ out }: Ran): readonly string[] {
  const lines = out.split('\n').map((line) => line.replace(/^ +(object store: )?/, ''))
  return [...new Set(lines.filter((line) => /^(Cannot |stage[12] )/.test(line)))]
}

const unreadable =
  'must be a whole JPEG, PNG, WebP, TIFF, GIF or AVIF image of at most 200 megapixels: current value is'

describe('images that cannot be used end the run with 2 and one sentence, and nothing is uploaded', () => {
  test.concurrent.each<[string, Plan, string, string]>([
    ['an empty folder', 'functional-2', 'empty', "'images' must be a folder with images (.jpg .jpeg .png "],
    ['a truncated JPEG', 'functional-1', 'truncated', `'cut.jpg' ${unreadable} damaged (VipsJpeg: premature end of`],
    ['a text file named .jpg', 'functional-2', 'text', `'notes.jpg' ${unreadable} no image. Replace the image or take`],
    ['a decompression bomb', 'functional-1', 'bomb', `'bomb.png' ${unreadable} an image of more pixels than that.`],
  ])('%s', async (_, plan, images, sentence) => {
    const { exit, sentences, run } = await told(plan, { images: folder(images) }, endpointVariables(store.endpoint))
    expect(exit).toBe(2)
    expect(sentences).toEqual([expect.stringContaining(`Cannot use images as ${sentence}`)])
    const prefix = `assay/${plan}/${run.split('/').at(-1)}/`
    expect(await connect(store.endpoint).list('raw', prefix)).toEqual([])
  })
})

describe('a parameter that is wrong ends with 2 and one sentence before there is a run', () => {
  test.concurrent.each<[string, string, string]>([
    ['sizes', '800x', "'800x' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT): current value is 800x"],
    ['sizes', '0x0', "each side of '0x0' from 1 to 16383): current value is 0x0"],
    ['sizes', '4k?', "'4k?' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT): current value is 4k?"],
    ['images', folder('missing'), 'must be a folder that is there: current value is '],
    ['images', folder('tiny/a.jpg'), 'must be a folder that is there: current value is '],
    ['patience', '0', "'patience' must be a whole number from 1: current value is 0"],
    ['patience', 'long', "'patience' must be a whole number from 1: current value is long"],
  ])('%s=%s', async (name, value, sentence) => {
    for (const plan of ['functional-1', 'functional-2'] as const) {
      const repo = ownPlan(plan)
      const ran = await atOnce(() => repo.run(['plan', plan, ...sets({ [name]: value })]))
      expect(ran.exit).toBe(2)
      expect(sentenceOf(ran)).toContain(`Cannot run ${plan} as '${name}' must be `)
      expect(sentenceOf(ran)).toContain(sentence)
      expect((await Array.fromAsync(new Bun.Glob(`runs/${plan}/*`).scan(repo.dir))).length).toBe(0)
    }
  })
})

describe('an S3_ENDPOINT that is wrong ends the run with 2 and one sentence, within ten seconds', () => {
  const denied = '<Error><Code>AccessDenied</Code><Message>No</Message></Error>'
  test.concurrent.each<[string, Plan, () => string, string]>([
    ['that refuses', 'functional-1', closedPort, 'a server that accepts connections: current value is % (connection'],
    ['that accepts and never answers', 'functional-1', () => speaking(() => {}), 'a server that answers in time: curr'],
    [
      'that answers 403',
      'functional-2',
      () => answering(denied, 403),
      'a server that accepts the keys: current value is %',
    ],
    [
      'that answers a bare 403',
      'functional-1',
      () => answering('', 403),
      'a server that accepts the keys: current val',
    ],
    [
      'that is a web site',
      'functional-1',
      () => answering('<html>hello</html>', 200),
      'an S3 server: current value is %',
    ],
    [
      'that is a web site of few pages',
      'functional-2',
      () => answering('<html>no</html>', 404),
      'an S3 server: current',
    ],
    ['that is no HTTP', 'functional-2', () => speaking((socket) => void socket.end('SSH-2.0\r\n')), 'an S3 server: cu'],
    ['whose name nobody has', 'functional-1', () => 'http://no-such-host.invalid', 'a host that can be found: current'],
  ])('%s', async (_, plan, start, rule) => {
    const url = start()
    const env = { S3_ENDPOINT: url, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }
    const { exit, sentences, repo, run } = await told(plan, {}, env)
    expect(exit).toBe(2)
    expect(sentences).toEqual([expect.stringContaining(`'S3_ENDPOINT' must be ${rule.replace('%', url)}`)])
    const last = repo.read(`${run}/journal.jsonl`).trimEnd().split('\n').at(-1) ?? ''
    expect(JSON.parse(last).duration).toBeLessThan(10)
  })

  test.concurrent('with a prefix that is not empty, since the run has lost its claim', async () => {
    const s3 = connect(store.endpoint)
    const env = endpointVariables(store.endpoint)
    const { exit, repo, run } = await told('functional-2', { stage1: 'exit 3' }, env)
    expect(exit).toBe(1)
    const prefix = `assay/functional-2/${run.split('/').at(-1)}/`
    const before = await s3.list('raw', prefix)
    expect(before).toHaveLength(2)
    const claims = await Array.fromAsync(new Bun.Glob(`${run}/services/*/claim.json`).scan(repo.dir))
    expect(claims).toHaveLength(1)
    for (const claim of claims) rmSync(join(repo.dir, claim))
    const words = ['plan', 'functional-2', '--resume', ...sets({ images: folder('tiny') })]
    const again = await keptAll(repo, 'functional-2', await atOnce(() => repo.run(words, { env })))
    expect(again.exit).toBe(2)
    expect(again.sentences).toEqual([
      expect.stringContaining(`as 'raw/${prefix}' must be empty: current value is ${prefix}raw/a.jpg. It holds some`),
    ])
    expect(await s3.list('raw', prefix)).toEqual(before)
  })
})

describe('a stage that is wrong', () => {
  const crash = `'${process.execPath}' -e "await import('nowhere')"`
  const long = 'x'.repeat(999)

  test.concurrent.each<[string, Plan, StageName, string, number, RegExp, RegExp]>([
    ['does not exist', 'functional-1', 'stage1', 'nosuch-stage --now', 2, /nosuch-stage: command not found\)$/, /./],
    ['does not exist', 'functional-2', 'stage2', 'nosuch-stage --now', 2, /nosuch-stage: command not found\)$/, /./],
    ['exits 3', 'functional-2', 'stage1', 'echo one; echo two >&2; exit 3', 1, /^stage1 exited with 3\./, /│ two$/m],
    ['exits 3', 'functional-1', 'stage2', 'echo one; echo two >&2; exit 3', 1, /^stage2 exited with 3\./, /│ one$/m],
    [
      'hangs',
      'functional-1',
      'stage1',
      'echo up; sleep 1000',
      1,
      / has made nothing of 2 images in 3 seconds/,
      /│ up$/m,
    ],
    [
      'hangs',
      'functional-2',
      'stage2',
      'echo up; sleep 1000',
      1,
      / has made nothing of 6 images in 3 seconds/,
      /│ up$/m,
    ],
    ['crashes at import', 'functional-2', 'stage1', crash, 1, /^stage1 exited with 1\./, /│ .*'nowhere'/],
    ['crashes at import', 'functional-1', 'stage2', crash, 1, /^stage2 exited with 1\./, /│ .*'nowhere'/],
    [
      'fails every image while it polls',
      'functional-1',
      'stage1',
      '',
      1,
      /^stage1 has made nothing of 2 i/,
      /cannot decode/,
    ],
    [
      'fails every image while it polls',
      'functional-1',
      'stage2',
      '',
      1,
      /^stage2 has made nothing of /,
      /cannot decode/,
    ],
  ])('that %s (%s, %s)', async (what, plan, stage, command, code, sentence, log) => {
    const { exit, out, sentences } = await told(plan, {
      [stage]: command || fixture(stage, 'fails-every-image'),
      sizes: '64x48',
      patience: '3',
    })
    expect([what, exit]).toEqual([what, code])
    expect(sentences).toEqual([expect.stringMatching(sentence)])
    expect(out).toMatch(log)
  })

  test.concurrent.each<[string, Plan, StageName, string]>([
    ['in one line', 'functional-1', 'stage1', 'head -c 1000000000 /dev/zero >&2; echo; echo the end; exit 3'],
    ['in lines', 'functional-2', 'stage2', `yes ${long} | head -c 1000000000; echo; echo the end; exit 3`],
  ])(
    'that prints a gigabyte %s (%s, %s) fails with its last line, and the run stays small',
    async (_, plan, stage, command) => {
      const { exit, out, sentences, repo, run } = await told(plan, {
        [stage]: command,
        sizes: '64x48',
        patience: '600', // a busy machine takes its time to read that much
      })
      expect(exit).toBe(1)
      expect(sentences).toEqual([expect.stringContaining(`${stage} exited with 3. Its log ends:`)])
      expect(out).toContain('│ the end\n')
      const files = await Array.fromAsync(new Bun.Glob('**').scan({ cwd: join(repo.dir, run), absolute: true }))
      expect(files.reduce((sum, file) => sum + Bun.file(file).size, 0)).toBeLessThan(50e6)
    },
  )

  test.concurrent.each<[StageName, string, RegExp]>([
    ['stage1', 'stage 1 wrote every image and a valid manifest', /1 of 8 checks failed/],
    ['stage2', 'stage 2 wrote every size and a valid manifest', /1 of 10 checks failed/],
  ])('that writes a manifest that is not JSON (%s) fails the check of it', async (stage, check, counted) => {
    const { exit, out } = await told('functional-1', { [stage]: fixture(stage, 'not-json'), sizes: '64x48' })
    expect(exit).toBe(1)
    expect(out).toMatch(new RegExp(`✗ ${check}  ${counted.source}`))
    expect(out).toMatch(
      /✗ manifests follow their schema: .*Cannot read the manifest s3:\/\/.* as 'content' must be JSON/,
    )
  })
})

test('what a run with a wrong stage found is there when the stage is mended', async () => {
  const repo = ownPlan('functional-2')
  const program = repo.file('stage2.sh', 'exit 3\n')
  const words = ['plan', 'functional-2', ...sets({ images: folder('tiny'), sizes: '64x48', stage2: `sh '${program}'` })]
  expect((await repo.run(words, { env: plainPath })).exit).toBe(1)
  repo.file('stage2.sh', `exec ${fixture('stage2')}\n`)
  const { exit, out } = await repo.run([...words, '--resume'], { env: plainPath })
  expect(out).toMatch(/upload sample images .*reused/)
  expect(out).toMatch(/stage 1: watched on local disk .*reused/)
  expect(out).toContain('passed · 5 steps')
  expect(exit).toBe(0)
})
