import { cannot, type Problem } from '../../lib/index.ts'
import { plain } from './interpreter.ts'
import type { PythonWork } from './programs.ts'
import { findLinks, type TorchSource } from './torch.ts'

/** What makes environments and installs into them: the command lines of uv, or of pip. */
export interface Installer {
  readonly name: string
  create(folder: string, python: string): readonly string[]
  install(folder: string, what: readonly string[]): readonly string[]
  /** Packages of no other index than this. */
  from(index: string): readonly string[]
}

/** Those that what is locked has wheels for, as uv is told. */
export const anyPython = 'cpython>=3.11,<3.15'

// Locks are complete, and what must be built is not what was looked at.
const exactly = ['--no-deps', '--only-binary', ':all:']

export interface Uv extends Installer {
  /** Says which version it is. */
  readonly ask: readonly string[]
  /** Says where a Python is. */
  find(python: string): readonly string[]
  /** Says whether all of it could be installed for that Python; `nowhere` is a folder that gets nothing. */
  rehearse(python: string, nowhere: string, what: readonly string[]): readonly string[]
}

export function uvInstaller(program: string, version: string): Uv {
  const install = (python: string, what: readonly string[]) => {
    return [program, 'pip', 'install', '--python', python, ...exactly, ...what]
  }
  return {
    name: version,
    ask: [program, '--version'],
    find: (python) => [program, 'python', 'find', '--system', python],
    create: (folder, python) => [program, 'venv', '--quiet', '--no-project', '--python', python, folder],
    install: (folder, what) => install(`${folder}/bin/python`, what),
    rehearse: (python, nowhere, what) => install(python, ['--dry-run', '--target', nowhere, ...what]),
    // Of a person's own further indexes, one that has another torch would hide this.
    from: (index) => ['--default-index', index, '--index-strategy', 'unsafe-best-match'],
  }
}

export const pipInstaller: Installer = {
  name: 'pip',
  create: (folder, python) => [python, '-m', 'venv', folder],
  install: (folder, what) => [
    ...[`${folder}/bin/python`, '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--retries', '1'],
    ...exactly,
    ...what,
  ],
  from: (index) => ['--index-url', index],
}

/** What an installer is to hear: where a person has told pip alone where packages are, uv is told too. */
export function installerEnv(env: PythonWork['env']): PythonWork['env'] {
  const { UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL } = env
  const links = findLinks(env)
  return {
    ...plain(env),
    // Not without a word: it is as large as much that we tell of.
    UV_PYTHON_DOWNLOADS: env.UV_PYTHON_DOWNLOADS ?? 'never',
    ...(!UV_DEFAULT_INDEX && !UV_INDEX_URL && PIP_INDEX_URL && { UV_DEFAULT_INDEX: PIP_INDEX_URL }),
    ...(links.length > 0 && { UV_FIND_LINKS: links.join(','), PIP_FIND_LINKS: links.join(' ') }),
  }
}

/** What is installed, in which steps: the locked packages, and torch from where it comes. */
export function steps(
  installer: Installer,
  locks: { readonly lock: string; readonly torch?: { readonly lock: string } },
  torch: TorchSource | undefined,
): readonly (readonly string[])[] {
  const locked = ['-r', locks.lock]
  if (torch === undefined || locks.torch === undefined) return [locked]
  if (torch.kind === 'default') return [[...locked, '-r', locks.torch.lock]]
  const from =
    torch.kind === 'index'
      ? installer.from(torch.url)
      : ['--no-index', ...torch.links.flatMap((link) => ['--find-links', link])]
  return [locked, [...from, `torch==${torch.version}`]]
}

/** The sentence of an installer that failed, by what it said. */
export function installerTrouble(
  action: string,
  { name }: Installer,
  said: readonly string[],
  reason: string,
): Problem {
  const text = [...said, reason].join('\n')
  const last = lastWords(said) ?? reason
  if (/no space left|disk quota exceeded|(os error|errno) (28|122)\b/i.test(text))
    return cannot(action, 'disk', 'large enough', last, 'Free some of it, also where uv or pip keep their cache.')
  if (outOfReach.test(text))
    return cannot(
      action,
      'the package index',
      'within reach',
      last,
      'Check the network, name a mirror by UV_DEFAULT_INDEX or PIP_INDEX_URL, or your own Python by ASSAY_PYTHON.',
    )
  return cannot(action, name, 'able to install what is locked', last, 'Its log says more.')
}

const outOfReach =
  /connection (refused|reset|error)|dns error|error sending request|failed to fetch|name or service not known|name resolution|network is unreachable|no route to host|timed? ?out|newconnectionerror|certificate/i

/** What went wrong, and in the end why: uv gives a chain of causes, pip a line or several. */
function lastWords(said: readonly string[]): string | undefined {
  const first = said.find((line) => /^(error|ERROR):/.test(line)) ?? said.findLast((line) => line.trim() !== '')
  const cause = said.findLast((line) => /^\s*(cause|Caused by):/i.test(line))
  const words = (line: string) => line.replace(/^\s*(error|cause|caused by):\s*/i, '').trim()
  return first && words(first) + (cause === undefined ? '' : ` (${words(cause)})`)
}
