import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A Vulkan driver that computes on the CPU. */
export interface SoftwareDriver {
  /** What describes it to Vulkan's loader. */
  readonly icd: string
  /** Where the loader itself is, where the system has none. */
  readonly loader: string | undefined
}

/** How a folder and a file are looked at; a fake in tests. */
export interface Files {
  exists(path: string): boolean
  /** The names in a folder; none where there is no such folder. */
  names(folder: string): readonly string[]
}

export const realFiles: Files = {
  exists: existsSync,
  names: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
}

/** Browsers bring SwiftShader, and a Vulkan loader with it. */
const browsers = [
  '/usr/lib/chromium',
  '/usr/lib64/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
  '/opt/microsoft/msedge',
]
const loaderName = 'libvulkan.so.1'
const libraries = [
  '/usr/lib',
  '/usr/lib64',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/local/lib',
]
/** Where the loader looks for what is installed. */
export const icdFolders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d']

export function systemLoader(files: Files): string | undefined {
  return libraries.find((folder) => files.exists(join(folder, loaderName)))
}

/** SwiftShader of a browser, else Mesa's lavapipe; undefined where neither is there. */
export function softwareDriver(files: Files = realFiles): SoftwareDriver | undefined {
  const swiftshader = browsers.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find(files.exists)
  const lavapipe = icdFolders.flatMap((folder) =>
    files.names(folder).flatMap((name) => (name.startsWith('lvp_icd') ? join(folder, name) : [])),
  )[0]
  const icd = swiftshader ?? lavapipe
  if (icd === undefined) return undefined
  const own = dirname(icd)
  const loader = systemLoader(files) === undefined && files.exists(join(own, loaderName)) ? own : undefined
  return { icd, loader }
}

type Variables = Readonly<Record<string, string | undefined>>

/** What the driver of a card reads, and nothing else of the person's. */
const passed =
  /^(PATH|HOME|TMPDIR|LANG|LD_LIBRARY_PATH|XDG_(RUNTIME_DIR|DATA_DIRS|DATA_HOME|CONFIG_DIRS|CONFIG_HOME)|DRI_PRIME|(VK|MESA|NVIDIA|LIBGL|__GLX|__NV|__EGL)_.*)$/

/**
 * The environment of a worker. `software` has it see the software driver alone, a name has it see that beside what is installed; drivers
 * that the person names (VK_DRIVER_FILES, VK_ICD_FILENAMES) are theirs to choose.
 */
export function workerEnvironment(env: Variables, adapter: string, driver = softwareDriver()): Variables {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => passed.test(name)))
  // A driver's crash is no business of Bun's makers.
  const common = { ...own, BUN_ENABLE_CRASH_REPORTING: '0', DO_NOT_TRACK: '1' }
  const chosen = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES
  if (adapter === 'hardware' || driver === undefined || chosen !== undefined) return common
  const { icd, loader } = driver
  const paths = [loader, env.LD_LIBRARY_PATH].filter((path) => path)
  return {
    ...common,
    ...(paths.length > 0 && { LD_LIBRARY_PATH: paths.join(':') }),
    ...(adapter === 'software' ? { VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd } : { VK_ADD_DRIVER_FILES: icd }),
  }
}
