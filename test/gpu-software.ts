import { softwareDriver } from '../tasks/gpu/software.ts'

/** The software driver that GPU tests run on; else why there is none. */
export type TestGpu = ReturnType<typeof softwareGpu>

export function softwareGpu() {
  const driver = softwareDriver()
  if (driver !== undefined) return { driver }
  return { unavailable: 'no software Vulkan driver: apt-get install chromium brings SwiftShader' }
}
