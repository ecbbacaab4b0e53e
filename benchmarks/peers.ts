import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A test runner that Assay is measured beside, or why it isn't there. */
export type Peer =
  | { readonly version: string; readonly argv: readonly string[]; readonly home: string }
  | { readonly unavailable: string }

const root = join(import.meta.dir, '..')

/** Installed by name beside other peers, where there is a network. `home` is the folder that has it. */
export function vitest(): Peer {
  const home = join(root, '.assay/bench/vitest')
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "name": "peer", "private": true, "type": "module" }')
  const node = nodeFor('^22.12.0 || ^24.0.0 || >=26.0.0')
  const version = '5.1.1'
  const names = [`vitest@${version}`, ...(node === undefined ? [`${ownNode}@24.21.0`] : [])]
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, 'add', '--exact', ...names], {
    cwd: home,
    stdout: 'ignore',
    stderr: 'pipe',
  })
  if (exitCode !== 0)
    return { unavailable: `it could not be installed: ${stderr.toString().trim().split('\n').at(-1)}` }
  const modules = join(home, 'node_modules')
  return { version, argv: [node ?? join(modules, ownNode, 'bin/node'), join(modules, 'vitest/vitest.mjs')], home }
}

const ownNode = `node-${process.platform}-${process.arch}`

/** The Node on PATH, if it is one that the peer supports: with another it fails in ways that are not its fault. */
function nodeFor(supported: string): string | undefined {
  const node = Bun.which('node')
  if (node === null) return undefined
  const version = Bun.spawnSync([node, '--version'], { stdout: 'pipe' }).stdout.toString().trim().slice(1)
  return Bun.semver.satisfies(version, supported) ? node : undefined
}

/** The one of `python3` on PATH. */
export function pytest(): Peer {
  return found(['python3', '-m', 'pytest'], /pytest (\S+)/, 'python3 has no pytest')
}

/** GNU make on PATH. */
export function make(): Peer {
  return found(['make'], /GNU Make (\S+)/, 'there is no GNU make on PATH')
}

function found(argv: readonly string[], version: RegExp, unavailable: string): Peer {
  if (Bun.which(argv[0] ?? '') === null) return { unavailable }
  const { stdout, stderr } = Bun.spawnSync([...argv, '--version'], { stdout: 'pipe', stderr: 'pipe' })
  const match = `${stdout}${stderr}`.match(version)?.[1]
  return match === undefined ? { unavailable } : { version: match, argv, home: root }
}
