import { type Finding, undecided } from '../../lib/index.ts'
import type { LoggedFile, OutputObject, Refusal, SeenFile, SourceImage, StageReport } from './evidence.ts'
import { lateUri } from './judge.ts'
import { promise, promiseBut } from './judge-finding.ts'

/** Judges how a stage used its local disk, by what was seen there while it ran (DESIGN §7): one finding a promise. */
export function judgeStaging(report: StageReport): Finding[] {
  const input = filesOf(report, 'input/')
  const output = filesOf(report, 'output/')
  return [
    inputStaged(report, input),
    resultsWritten(report, output),
    ...resultsEqual(report, output),
    logged(report, input, output),
  ]
}

/** Judges a run that was asked for more free disk than there is. */
export function judgeRefusal({ ended, staged, written }: Refusal): Finding {
  const broken = [
    ...staged.map((path) => `${path} was staged`),
    ...written.map((uri) => `${uri} was written`),
    ...(ended.stop === 'by itself' && ended.code === 0 ? ['it ended with exit code 0'] : []),
  ]
  const expected = 'an exit code other than 0, nothing staged, nothing written'
  return promise('too little capacity is refused before anything is read', expected, broken)
}

interface Files {
  readonly seen: readonly SeenFile[]
  readonly paths: ReadonlySet<string>
  readonly bySha: ReadonlyMap<string, readonly NonNullable<SeenFile['content']>[]>
  /** Seen, but gone before they could be kept. */
  readonly glimpsed: number
}

function filesOf({ files }: StageReport, folder: string): Files {
  const seen = files.filter(({ path }) => path.startsWith(folder))
  const bySha = new Map<string, NonNullable<SeenFile['content']>[]>()
  for (const { content } of seen)
    if (content) bySha.set(content.sha256, [...(bySha.get(content.sha256) ?? []), content])
  return {
    seen,
    paths: new Set(seen.map(({ path }) => path)),
    bySha,
    glimpsed: seen.filter(({ content }) => !content).length,
  }
}

function inputStaged(report: StageReport, input: Files): Finding {
  const given = sourcesOf(report)
  const missing = given.flatMap(({ uri, sha256 }) => (input.bySha.has(sha256) ? [] : [`${uri} was not seen`]))
  const doubt = { most: input.glimpsed, reason: `${input.glimpsed} files were gone before they could be read` }
  const expected = 'a file with the bytes of each image under NVME_ROOT/input'
  return promiseBut('every image is staged under NVME_ROOT/input', expected, missing, given.length, doubt)
}

function resultsWritten(report: StageReport, output: Files): Finding {
  const name = 'every result is written under NVME_ROOT/output'
  const { length } = imagesOf(report)
  if (output.paths.size >= length) return { name, verdict: 'pass' }
  const expected = `a file under NVME_ROOT/output for each of ${length} objects`
  return { name, verdict: 'fail', expected, actual: `${output.paths.size} files` }
}

function resultsEqual(report: StageReport, output: Files): Finding[] {
  const equal = 'results on local disk equal the objects in bytes and SHA-256'
  const before = 'every result is on local disk before its upload'
  const nothing = 'nothing was seen under NVME_ROOT/output'
  if (output.seen.length === 0) return [undecided(equal, nothing), undecided(before, nothing)]
  const images = imagesOf(report)
  const unequal = images.flatMap(({ path, sha256 }) =>
    output.bySha.has(sha256) ? [] : [`no file has the content of ${path}`],
  )
  const never = Math.max(0, images.length - output.paths.size)
  const doubt = {
    most: never + output.glimpsed,
    reason: `${never + output.glimpsed} results were not seen, or gone before they could be read`,
  }
  const expected = 'for each object a file with its bytes and SHA-256'
  return [promiseBut(equal, expected, unequal, images.length, doubt), uploadedAfter(before, images, output)]
}

/** The kernel stamps files with its last tick, up to 10 ms ago; stores say whole milliseconds. Only what is later for certain is a breach. */
const clockSlack = 1

function uploadedAfter(name: string, images: readonly OutputObject[], output: Files): Finding {
  const early: string[] = []
  const unclear: string[] = []
  let judged = 0
  for (const { path, sha256, arrival } of images) {
    const moments = output.bySha.get(sha256)?.map(({ finalAt }) => finalAt)
    if (moments === undefined) continue
    judged += 1
    const onDisk = Math.min(...moments)
    if (arrival.by === 'none') unclear.push(`${path} was there before`)
    else if (arrival.by === 'store') {
      if (onDisk > arrival.receivedAt + clockSlack)
        early.push(`${path} came ${late(onDisk - arrival.receivedAt)} before its file`)
    } else if (onDisk > arrival.presentAt + clockSlack)
      early.push(`${path} was listed ${late(onDisk - arrival.presentAt)} before its file`)
    else if (onDisk > arrival.absentAt) unclear.push(`${path} came between two listings, as its file did`)
  }
  if (early.length > 0) return promise(name, 'the file first, then the object', early, judged)
  if (judged === 0) return undecided(name, 'no object has the content of a file that was seen')
  return promiseBut(name, '', unclear, judged, {
    most: unclear.length,
    reason: 'two listings, 80 ms apart, can not tell the order as the embedded store can',
  })
}

function logged(report: StageReport, input: Files, output: Files): Finding {
  const name = 'the log names path, URI, bytes and SHA-256 of every file'
  const { log } = report
  const byUri = new Map<string, LoggedFile[]>()
  for (const file of log.files) if (file.uri) byUri.set(file.uri, [...(byUri.get(file.uri) ?? []), file])
  const expectedOf = (objects: readonly { uri: string; bytes: number; sha256: string }[], { bySha, paths }: Files) =>
    objects.flatMap(({ uri, bytes, sha256 }) => {
      // What was not seen on disk has a promise of its own.
      if (!bySha.has(sha256)) return []
      const lines = byUri.get(uri) ?? []
      if (lines.some((line) => paths.has(line.path) && line.bytes === bytes && line.sha256 === sha256)) return ['']
      const [line] = lines
      return [
        line
          ? `${uri}: it says ${line.path}, ${line.bytes} bytes, ${line.sha256?.slice(0, 12)}…`
          : `${uri} is not named`,
      ]
    })
  const results = [...expectedOf(sourcesOf(report), input), ...expectedOf(imagesOf(report), output)]
  if (results.length === 0) return undecided(name, 'no file with the content of an image or object was seen')
  const broken = results.filter((words) => words !== '')
  const lines = `${log.jsonLines} of ${log.lines} log lines are JSON`
  return promise(name, `a JSON line for each, with a path that was seen (${lines})`, broken, results.length)
}

/** The images that it has worked on, as far as its manifests say: what it left out has a promise of its own. */
function sourcesOf(report: StageReport): readonly SourceImage[] {
  const named = new Set(
    report.manifests.flatMap((found) => (found.kind === 'valid' ? found.objects : [])).map((o) => o.source_uri),
  )
  return report.sources.filter(({ uri }) => uri !== lateUri(report) && (named.size === 0 || named.has(uri)))
}

function imagesOf({ outputs }: StageReport): readonly OutputObject[] {
  return outputs.filter(({ image }) => image.kind !== 'other')
}

function late(milliseconds: number): string {
  return `${Math.round(milliseconds)} ms`
}
