import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { connect } from '../../../../tasks/object-store/connect.ts'
import { type StageSettings, stageEnvironment } from '../../../../tasks/pipeline/environment.ts'
import {
  type Manifests,
  manifestPrefix,
  parseManifest,
  type StageNumber,
  uniteManifests,
} from '../../../../tasks/pipeline/manifest.ts'
import type { StageDefinition } from '../../../../tasks/pipeline/stage/definition.ts'
import { runStage, type StageRunOptions } from '../../../../tasks/pipeline/stage/run-stage.ts'
import { startEmbedded } from '../../../servers.ts'

export type LogEvent = { readonly event: string } & Readonly<Record<string, unknown>>

/** A real store and a temporary folder; every test takes a data set of its own, so that they don't see each other. */
export async function stageRig() {
  const server = await startEmbedded()
  const s3 = connect(server.endpoint)
  for (const bucket of ['raw', 'augmented', 'normalized', 'manifests']) await s3.createBucket(bucket)
  const folder = await mkdtemp(join(tmpdir(), 'assay-stages-'))
  let datasets = 0

  return {
    s3,
    folder,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
    /** A prefix in every bucket, a folder on disk. */
    dataset: (stage: StageNumber) => {
      datasets += 1
      return dataset(stage, `set-${datasets}`)
    },
  }

  function dataset(stage: StageNumber, name: string) {
    const [from, to] = stage === 1 ? ['raw', 'augmented'] : ['augmented', 'normalized']
    const prefix = `${name}/`
    const options: StageRunOptions = {
      inputBucket: from,
      inputPrefix: prefix,
      outputBucket: to,
      outputPrefix: prefix,
      manifestBucket: 'manifests',
      dataset: name,
      mode: 'once',
      pollInterval: 0.02,
      nvmeRoot: join(folder, name),
      nvmeMinGb: 0.001,
    }
    const keys = async (bucket: string) => (await s3.list(bucket, prefix)).map(({ key }) => key.slice(prefix.length))
    const manifestKeys = async () => (await s3.list('manifests', manifestPrefix(name, stage))).map(({ key }) => key)
    const manifests = async (): Promise<Manifests[StageNumber][]> => {
      const texts = (await manifestKeys()).map(async (key) => [key, decode(await s3.get('manifests', key))] as const)
      return (await Promise.all(texts)).map(([key, text]) => parseManifest(stage, text, key))
    }

    return {
      name,
      prefix,
      options,
      keys,
      manifestKeys,
      manifests,
      put: (relative: string, body: Uint8Array | string) => s3.put(from, prefix + relative, body),
      source: (relative: string) => `s3://${from}/${prefix}${relative}`,
      outputs: () => keys(to),
      outputUri: (relative: string) => `s3://${to}/${prefix}${relative}`,
      marks: async () => (await s3.list('manifests', `marks/${name}/`)).map(({ key }) => key),
      union: async () => uniteManifests<Manifests[StageNumber]['objects'][number]>(await manifests()),
      /** Runs the stage in this process; `until` ends it when it answers true for an event. */
      run: async (
        definition: StageDefinition,
        changed: Partial<StageRunOptions> = {},
        until?: (event: LogEvent) => boolean,
      ) => {
        const events: LogEvent[] = []
        const stop = new AbortController()
        const log = (line: string) => {
          const event: LogEvent = JSON.parse(line)
          events.push(event)
          if (until?.(event)) stop.abort()
        }
        const summary = await runStage(definition, s3, { ...options, ...changed }, { signal: stop.signal, log }).catch(
          (error: unknown) => {
            throw Object.assign(error instanceof Error ? error : new Error(String(error)), { events })
          },
        )
        return { summary, events, of: (name: string) => events.filter(({ event }) => event === name) }
      },
      /** The stage as a process of its own. */
      start: (changed: Partial<StageSettings> = {}) => {
        const settings: StageSettings = {
          endpoint: server.endpoint,
          buckets: { raw: 'raw', augmented: 'augmented', normalized: 'normalized', manifests: 'manifests' },
          inputPrefix: prefix,
          outputPrefix: prefix,
          dataset: name,
          mode: 'once',
          pollInterval: 0.02,
          nvmeRoot: options.nvmeRoot,
          nvmeMinGb: options.nvmeMinGb,
          sizes: '32x32,480p',
          ...changed,
        }
        return startChild(stage, stageEnvironment(settings, { PATH: process.env.PATH }))
      },
    }
  }
}

export type Rig = Awaited<ReturnType<typeof stageRig>>
export type Dataset = ReturnType<Rig['dataset']>

function startChild(stage: StageNumber, env: Record<string, string>) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'child.ts'), `stage${stage}`], {
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const stdout = new Response(child.stdout).text()
  const lines: string[] = []
  const wanted: { test: (line: string) => boolean; resolve: () => void }[] = []
  const reading = (async () => {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const bytes of child.stderr) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) {
        lines.push(line)
        for (const one of wanted.splice(0)) one.test(line) ? one.resolve() : wanted.push(one)
      }
    }
  })()
  return {
    child,
    lines,
    /** Resolves at the first line with all of `parts`, whether it came already or comes yet; rejects when the process ends without it. */
    line: async (...parts: string[]) => {
      const test = (line: string) => parts.every((part) => line.includes(part))
      if (lines.some(test)) return
      const came = new Promise<void>((resolve) => wanted.push({ test, resolve }))
      const over = reading.then(() => {
        if (!lines.some(test)) throw new Error(`the stage ended without '${parts.join(' ')}':\n${lines.join('\n')}`)
      })
      await Promise.race([came, over])
    },
    ended: async () => {
      const code = await child.exited
      await reading
      return code
    },
    /** Its largest resident size in MiB, once it has ended by itself. */
    peak: async () => Number(await stdout) / 1024,
  }
}

/** A small JPEG; different `shade`s are different bytes. */
export function jpeg(shade = 0, width = 64, height = 48): Promise<Uint8Array> {
  const background = { r: shade % 256, g: (shade * 7) % 256, b: Math.floor(shade / 256) % 256 }
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer()
}

/** A whole PNG of `side` × `side` black pixels that takes a few kilobytes until it is decoded. */
export function bomb(side: number): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  // One bit a pixel, grayscale.
  header.set([1, 0, 0, 0, 0], 8)
  const pixels = deflateSync(Buffer.alloc((1 + Math.ceil(side / 8)) * side), { level: 1 })
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  out.set(body, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
