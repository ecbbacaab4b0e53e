import { join } from 'node:path'
import { cannot } from '../../../lib/index.ts'
import type { SeenAdapter } from './answers.ts'
import {
  borrowedLoader,
  type Files,
  icdFolders,
  loaderName,
  realFiles,
  softwareDriver,
  systemLoader,
} from './software.ts'

type Variables = Readonly<Record<string, string | undefined>>

interface HintOptions {
  readonly files?: Files
  readonly platform?: string
  /** What an adapter is asked for with. */
  readonly flag?: string
}

/** Why there is no adapter of the kind that was asked for, and what usually helps. */
export function absence(
  adapter: string,
  all: readonly SeenAdapter[],
  env: Variables,
  options: HintOptions = {},
): string {
  const kinds = all.map(({ name, kind }) => (kind === 'software' ? `${name}, which is the CPU` : name))
  const value = `${adapter}, and it finds ${kinds.length === 0 ? 'none' : kinds.join(' and ')}`
  return cannot('open a GPU', 'adapter', 'one that WebGPU finds', value, `${help(adapter, env, options)}.`).message
}

/** What usually helps where there is none. */
export function help(
  adapter: string,
  env: Variables,
  { files = realFiles, platform = process.platform, flag = '--set adapter=' }: HintOptions = {},
): string {
  return adapter === 'software' ? softwareHint(env, files) : hardwareHint(env, files, platform, flag)
}

function softwareHint(env: Variables, files: Files): string {
  const chosen = chosenDrivers(env)
  if (chosen !== undefined) return chosen
  const driver = softwareDriver(files)
  if (driver === undefined)
    return 'Install a software driver: chromium brings SwiftShader, mesa-vulkan-drivers lavapipe'
  const other = otherLoader(env, files)
  if (other !== undefined) return `${driver} is there, but ${other}`
  const loader = systemLoader(files) ?? borrowedLoader(files)
  return loader === undefined
    ? `${driver} is there: install libvulkan1, which loads it`
    : `${driver} and ${join(loader, loaderName)} are there, and do not work together: install both again`
}

/** A loader that is found before the system's, whatever it is worth. */
function otherLoader(env: Variables, files: Files): string | undefined {
  const folder = env.LD_LIBRARY_PATH?.split(':').find((folder) => folder && files.exists(join(folder, loaderName)))
  return (
    folder &&
    `LD_LIBRARY_PATH=${env.LD_LIBRARY_PATH} may hide what loads it: ${join(folder, loaderName)} comes before the system's; unset it`
  )
}

function hardwareHint(env: Variables, files: Files, platform: string, flag: string): string {
  const card = platform === 'linux' ? linuxHint(env, files) : "Install the card's driver"
  // Drivers that a person chose are all that a software adapter would find as well.
  const without = softwareDriver(files) === undefined || chosenDrivers(env) !== undefined
  return without ? card : `${card}. The CPU can stand in for it: ${flag}software`
}

function chosenDrivers(env: Variables): string | undefined {
  // Vulkan's loader reads the first that is set, even to nothing.
  const name = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'].find((name) => env[name] !== undefined)
  return name && `${name} is ${env[name] || 'empty'}: unset it, or name a driver's file there`
}

/** What is there tells what is missing. */
function linuxHint(env: Variables, files: Files): string {
  const chosen = chosenDrivers(env)
  if (chosen !== undefined) return chosen
  const nvidia =
    files.exists('/proc/driver/nvidia/version') || files.names('/dev').some((name) => /^nvidia(\d+|ctl)$/.test(name))
  const others = files.names('/dev/dri').some((name) => name.startsWith('renderD'))
  if (!nvidia && !others)
    return 'No card shows, neither as /dev/nvidia0 nor below /dev/dri: install its driver, or hand it to the container'
  const other = otherLoader(env, files)
  if (!nvidia && other !== undefined) return `/dev/dri is there, but ${other}`
  if (!nvidia)
    return systemLoader(files) === undefined
      ? "/dev/dri is there, but no Vulkan loader: install libvulkan1 and the card's Vulkan driver (mesa-vulkan-drivers)"
      : "/dev/dri is there: install the card's Vulkan driver (mesa-vulkan-drivers), and see that you may read /dev/dri/renderD128 (group render)"
  const icd = icdFolders.find((folder) => files.names(folder).some((name) => name.startsWith('nvidia_icd')))
  const container =
    files.exists('/.dockerenv') || files.exists('/run/.containerenv') || env.NVIDIA_VISIBLE_DEVICES !== undefined
  if (icd === undefined || !library(files, 'libGLX_nvidia.so.0'))
    return container
      ? `NVIDIA's driver is there, but not its Vulkan: start the container with NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics (it is ${env.NVIDIA_DRIVER_CAPABILITIES ?? 'unset'}), in an image with ${packages}`
      : "NVIDIA's driver is there, but not its Vulkan: nvidia_icd.json or libGLX_nvidia.so.0 is missing, which the driver's packages for graphics bring (libnvidia-gl, nvidia-driver-libs)"
  if (other !== undefined) return `NVIDIA's driver and its Vulkan are there, but ${other}`
  const missing = [loaderName, 'libEGL.so.1', 'libGLX.so.0', 'libGL.so.1'].filter((name) => !library(files, name))
  if (missing.length > 0) return `NVIDIA's driver is there, but not ${missing.join(', ')}: install ${packages}`
  return "NVIDIA's driver and its Vulkan are there, and do not work together: compare their versions (nvidia-smi, and the file that nvidia_icd.json names), and see that you may use /dev/nvidia0"
}

const packages = 'libvulkan1 libglvnd0 libgl1 libglx0 libegl1'

const folders = ['/usr/lib', '/usr/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/local/lib']

function library(files: Files, name: string): boolean {
  return folders.some((folder) => files.exists(join(folder, name)))
}
