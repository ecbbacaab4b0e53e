import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

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
export const loaderName = 'libvulkan.so.1'
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

/** The file that describes SwiftShader of a browser to Vulkan's loader, else Mesa's lavapipe; undefined where neither is there. */
export function softwareDriver(files: Files = realFiles): string | undefined {
  const swiftshader = browsers.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find(files.exists)
  const lavapipe = icdFolders.flatMap((folder) =>
    files.names(folder).flatMap((name) => (name.startsWith('lvp_icd') ? join(folder, name) : [])),
  )
  return swiftshader ?? lavapipe[0]
}

/** The folder of a browser's loader, where the system has none of its own. */
export function borrowedLoader(files: Files): string | undefined {
  if (systemLoader(files) !== undefined) return undefined
  return browsers.find((folder) => files.exists(join(folder, loaderName)))
}

type Variables = Readonly<Record<string, string | undefined>>

/** What the driver of a card reads, and nothing else of the person's. */
const passed =
  /^(PATH|HOME|TMPDIR|LANG|LD_LIBRARY_PATH|XDG_(RUNTIME_DIR|DATA_DIRS|DATA_HOME|CONFIG_DIRS|CONFIG_HOME)|DRI_PRIME|(VK|MESA|NVIDIA|LIBGL|__GLX|__NV|__EGL)_.*)$/

/**
 * The environment of a worker. `software` has it see the software driver alone, a name has it see that beside what is installed; drivers
 * that the person names (VK_DRIVER_FILES, VK_ICD_FILENAMES) are theirs to choose.
 */
export function workerEnvironment(env: Variables, adapter: string, files: Files = realFiles): Variables {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => passed.test(name)))
  const loader = borrowedLoader(files)
  const paths = [env.LD_LIBRARY_PATH, loader].filter((path) => path)
  const common = {
    ...own,
    ...(paths.length > 0 && { LD_LIBRARY_PATH: paths.join(':') }),
    // A driver's crash is no business of Bun's makers.
    BUN_ENABLE_CRASH_REPORTING: '0',
    DO_NOT_TRACK: '1',
  }
  const chosen = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES
  const icd = softwareDriver(files)
  if (adapter === 'hardware' || icd === undefined || chosen !== undefined) return common
  if (adapter === 'software') return { ...common, VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd }
  return { ...common, VK_ADD_DRIVER_FILES: icd }
}
