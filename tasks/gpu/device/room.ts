import { messageOf, Problem } from '../../../lib/index.ts'
import type { DeviceFacts } from '../kernel.ts'

/** An opened device, and what it has complained of outside any error scope. */
export interface Room {
  readonly device: GPUDevice
  readonly facts: DeviceFacts
  /** Throws if the device is lost or has complained: what ran since may not have run at all. */
  alive(): void
}

/** Without a listener that prevents it the binding prints what the device complains of on stdout. */
export function roomOn(device: GPUDevice, facts: DeviceFacts): Room {
  const complaints: string[] = []
  let lost: string | undefined
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault()
    complaints.push(firstLine(event.error.message))
  })
  device.lost.then(({ reason, message }) => {
    lost = reason === 'destroyed' ? 'it was closed' : firstLine(message) || reason
  })
  return {
    device,
    facts,
    alive() {
      if (lost !== undefined) throw new Problem(`The device was lost: ${lost}`)
      const [complaint] = complaints.splice(0)
      if (complaint !== undefined) throw new Problem(`The device complained: ${complaint}`)
    },
  }
}

/**
 * Does something with a device and throws what the device has against it. A buffer that could not be made is an object like any other, and
 * without a scope it just reads as zeros.
 */
export async function scoped<T>(device: GPUDevice, action: () => T | Promise<T>): Promise<T> {
  const complaint = openScopes(device)
  try {
    const value = await action()
    const said = await complaint()
    if (said !== undefined) throw new Problem(said)
    return value
  } catch (error) {
    if (error instanceof Problem) throw error
    // What was thrown is often the echo of what the scopes caught; theirs says more.
    throw new Problem((await complaint()) ?? firstLine(messageOf(error)))
  }
}

/** Opens all three scopes and returns how to close them, which can be asked for more than once. */
export function openScopes(device: GPUDevice): () => Promise<string | undefined> {
  for (const filter of filters) device.pushErrorScope(filter)
  let closed: Promise<string | undefined> | undefined
  return async () => {
    closed ??= Promise.all(filters.map(() => device.popErrorScope())).then(
      (errors) => errors.find((error) => error !== null)?.message,
      () => 'the device was lost',
    )
    const said = await closed
    return said === undefined ? undefined : firstLine(said)
  }
}

const filters = ['validation', 'out-of-memory', 'internal'] as const

export function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}
