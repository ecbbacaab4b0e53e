import { softwareDriver } from '../tasks/gpu/worker/software.ts'

/** The software driver that GPU tests run on, by the file that describes it; undefined where there is none, which is said. */
export const softwareGpu = softwareDriver()

if (softwareGpu === undefined)
  console.log(
    'skipped: tests on a software GPU, as there is no SwiftShader or lavapipe: apt-get install chromium brings one',
  )
