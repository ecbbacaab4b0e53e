import { expect, test } from 'bun:test'
import checkup from '../../../tasks/gpu/gpu.doctor.ts'

test('doctor says what would help where WebGPU finds no card', async () => {
  expect(await checkup.look({ ...process.env, VK_DRIVER_FILES: '/nonexistent' })).toEqual([
    {
      what: 'WebGPU',
      found: 'no adapter',
      note: expect.stringContaining("VK_DRIVER_FILES is /nonexistent: unset it, or name a driver's file there"),
    },
  ])
})
