import { dlopen, type FFIFunction, ptr } from 'bun:ffi'

/** The few calls of the C library that Bun has no word for. Each throws when the call fails. */
export interface Libc {
  dup(fd: number): number
  dup2(from: number, to: number): void
  /** A real pipe (Bun and Node give children a socket, on which `> /dev/stderr` fails); neither end is inherited. */
  pipe(): { readonly read: number; readonly write: number }
  closeOnExec(fd: number): void
  /** Whether it is a terminal; `node:tty` knows too, and takes 5 ms to load. */
  isTerminal(fd: number): boolean
  /** The soft and the hard limit of this process on a resource, by the kernel's number of it. */
  limit(resource: number): { readonly soft: bigint; readonly hard: bigint }
  setSoftLimit(resource: number, soft: bigint): void
}

const libraries = {
  linux: ['libc.so.6', `libc.musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`],
  darwin: ['libSystem.B.dylib'],
}

// ioctl's request to close a descriptor on exec: the one way that takes no variadic argument, which FFI can't pass on macOS.
const FIOCLEX = process.platform === 'darwin' ? 0x20006601 : 0x5451

let opened: Libc | undefined

/** The C library; opened on first use. Throws on a platform that has none we know. */
export function libc(): Libc {
  opened ??= open()
  return opened
}

function open(): Libc {
  const { symbols } = openFirst(process.platform === 'darwin' ? libraries.darwin : libraries.linux, calls)
  const done = (call: string, result: number) => {
    if (result === -1) throw new Error(`${call} failed`)
    return result
  }
  const closeOnExec = (fd: number) => {
    done('ioctl(FIOCLEX)', symbols.ioctl(fd, FIOCLEX))
  }
  const limitOf = (resource: number) => {
    const limits = new BigUint64Array(2)
    done('getrlimit', symbols.getrlimit(resource, ptr(limits)))
    const [soft = 0n, hard = 0n] = limits
    return { soft, hard }
  }
  return {
    closeOnExec,
    isTerminal: (fd) => symbols.isatty(fd) === 1,
    limit: limitOf,
    setSoftLimit(resource, soft) {
      const limits = new BigUint64Array([soft, limitOf(resource).hard])
      done('setrlimit', symbols.setrlimit(resource, ptr(limits)))
    },
    dup: (fd) => done('dup', symbols.dup(fd)),
    dup2: (from, to) => {
      done('dup2', symbols.dup2(from, to))
    },
    pipe: () => {
      const ends = new Int32Array(2)
      done('pipe', symbols.pipe(ptr(ends)))
      const [read = -1, write = -1] = ends
      closeOnExec(read)
      closeOnExec(write)
      return { read, write }
    },
  }
}

/** Has the kernel send this process a signal, by its number, when its parent ends. Only Linux can. */
export function signalWithParent(signal: number): void {
  const { symbols } = openFirst(libraries.linux, { prctl: { args: ['i32', 'u64'], returns: 'i32' } })
  symbols.prctl(parentDeathSignal, signal)
}

const parentDeathSignal = 1 // PR_SET_PDEATHSIG

const calls = {
  dup: { args: ['i32'], returns: 'i32' },
  dup2: { args: ['i32', 'i32'], returns: 'i32' },
  pipe: { args: ['ptr'], returns: 'i32' },
  isatty: { args: ['i32'], returns: 'i32' },
  ioctl: { args: ['i32', 'u64'], returns: 'i32' },
  getrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
  setrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
} as const

function openFirst<F extends Record<string, FFIFunction>>(names: readonly string[], functions: F) {
  const reasons: string[] = []
  for (const name of names) {
    try {
      return dlopen(name, functions)
    } catch (error) {
      reasons.push(String(error))
    }
  }
  throw new Error(`No C library could be opened: ${reasons.join('; ')}`)
}
