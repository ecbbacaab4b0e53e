import { dlopen, type FFIFunction } from 'bun:ffi'
import type { Card, GpuProcess, Reading } from './telemetry.ts'
import { reasonsOf } from './telemetry.ts'

/*
 * NVIDIA's management library, by its published C interface (nvml.h): handles are pointers, passed as numbers of 64 bits; a structure whose
 * version is asked for holds its size and, in the top byte, the version.
 */

/** A card whose handle is known. */
export interface NvmlCard {
  readonly card: Card
  /** All but its processes, or why the card is no longer there. */
  read(): Omit<Reading, 'processes'> | string
  processes(): Reading['processes']
}

const ok = 0
const insufficientSize = 7
/** The card fell off the bus; it wants to be reset; the driver is gone. */
const gone = [15, 16, 9, 1]

const number = 'u32'
const handle = 'u64'
const out = 'ptr'
const status = 'i32'

const required = {
  nvmlInit_v2: { args: [], returns: status },
  nvmlErrorString: { args: [status], returns: 'cstring' },
  nvmlSystemGetDriverVersion: { args: [out, number], returns: status },
  nvmlDeviceGetCount_v2: { args: [out], returns: status },
  nvmlDeviceGetHandleByIndex_v2: { args: [number, out], returns: status },
  nvmlDeviceGetName: { args: [handle, out, number], returns: status },
  nvmlDeviceGetUUID: { args: [handle, out, number], returns: status },
  nvmlDeviceGetPciInfo_v3: { args: [handle, out], returns: status },
  nvmlDeviceGetClockInfo: { args: [handle, number, out], returns: status },
  nvmlDeviceGetTemperature: { args: [handle, number, out], returns: status },
  nvmlDeviceGetPowerUsage: { args: [handle, out], returns: status },
  nvmlDeviceGetUtilizationRates: { args: [handle, out], returns: status },
  nvmlDeviceGetMemoryInfo: { args: [handle, out], returns: status },
} as const satisfies Record<string, FFIFunction>

const onHandle = { args: [handle, out], returns: status } as const
const listing = { args: [handle, out, out], returns: status } as const

/** Opens the library; a sentence where it can't be, or finds no driver. */
export function openNvml(path = 'libnvidia-ml.so.1'): readonly NvmlCard[] | string {
  let symbols: ReturnType<typeof dlopen<typeof required>>['symbols']
  try {
    symbols = dlopen(path, required).symbols
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return /no such file/i.test(why) ? `there is no ${path}, NVIDIA's own library` : `${path} can't be opened: ${why}`
  }
  const nvml = symbols
  const started = nvml.nvmlInit_v2()
  if (started !== ok) return `NVML does not start: ${nvml.nvmlErrorString(started)}`
  // Newer than some driver that is still about, or older than what will be: one of the names is there, or none.
  const memoryV2 = perhaps(
    () => dlopen(path, { nvmlDeviceGetMemoryInfo_v2: onHandle }).symbols.nvmlDeviceGetMemoryInfo_v2,
  )
  const fieldValues = perhaps(
    () =>
      dlopen(path, { nvmlDeviceGetFieldValues: { args: [handle, status, out], returns: status } }).symbols
        .nvmlDeviceGetFieldValues,
  )
  const clockReasons =
    perhaps(
      () =>
        dlopen(path, { nvmlDeviceGetCurrentClocksEventReasons: onHandle }).symbols
          .nvmlDeviceGetCurrentClocksEventReasons,
    ) ??
    perhaps(
      () =>
        dlopen(path, { nvmlDeviceGetCurrentClocksThrottleReasons: onHandle }).symbols
          .nvmlDeviceGetCurrentClocksThrottleReasons,
    )
  const compute = perhaps(
    () =>
      dlopen(path, { nvmlDeviceGetComputeRunningProcesses_v3: listing }).symbols
        .nvmlDeviceGetComputeRunningProcesses_v3,
  )
  const graphics = perhaps(
    () =>
      dlopen(path, { nvmlDeviceGetGraphicsRunningProcesses_v3: listing }).symbols
        .nvmlDeviceGetGraphicsRunningProcesses_v3,
  )

  const count = new Uint32Array(1)
  const counted = nvml.nvmlDeviceGetCount_v2(count)
  if (counted !== ok) return `NVML can't count cards: ${nvml.nvmlErrorString(counted)}`
  const driver = text((bytes) => nvml.nvmlSystemGetDriverVersion(bytes, bytes.length), 80)
  return Array.from({ length: count[0] ?? 0 }, (_, index) => index).flatMap((index) => {
    const pointer = new BigUint64Array(1)
    if (nvml.nvmlDeviceGetHandleByIndex_v2(index, pointer) !== ok) return []
    return [cardOf(index, pointer[0] ?? 0n)]
  })

  function cardOf(index: number, device: bigint): NvmlCard {
    const name = text((bytes) => nvml.nvmlDeviceGetName(device, bytes, bytes.length), 96)
    const uuid = text((bytes) => nvml.nvmlDeviceGetUUID(device, bytes, bytes.length), 96)
    return {
      card: { index, name: name ?? 'a card without a name', uuid: uuid ?? '', pciDevice: pciDevice(device), driver },
      read: () => read(device),
      processes: () => processes(device),
    }
  }

  /** Of a nvmlPciInfo_t: 16 bytes of text, then domain, bus, device, and the number of its kind. */
  function pciDevice(device: bigint): string | undefined {
    const info = new DataView(new ArrayBuffer(68))
    if (nvml.nvmlDeviceGetPciInfo_v3(device, bytesOf(info)) !== ok) return undefined
    const kind = info.getUint32(28, true)
    return `0x${kind.toString(16).padStart(8, '0')}`
  }

  function read(device: bigint): ReturnType<NvmlCard['read']> {
    const rates = new Uint32Array(2)
    const asked = nvml.nvmlDeviceGetUtilizationRates(device, rates)
    if (gone.includes(asked)) return `NVML says: ${nvml.nvmlErrorString(asked)}`
    return {
      smClock: one((value) => nvml.nvmlDeviceGetClockInfo(device, 1, value)),
      memoryClock: one((value) => nvml.nvmlDeviceGetClockInfo(device, 2, value)),
      temperature: one((value) => nvml.nvmlDeviceGetTemperature(device, 0, value)),
      power: power(device),
      utilisation: asked === ok ? rates[0] : undefined,
      ...memory(device),
      throttle: throttle(device),
    }
  }

  /** Watts at this moment where the driver tells (field 186), else as it averages them, on newer cards over a second. */
  function power(device: bigint): number | undefined {
    const field = new DataView(new ArrayBuffer(40))
    field.setUint32(0, 186, true)
    const given = fieldValues?.(device, 1, bytesOf(field)) === ok && field.getUint32(28, true) === ok
    const isUnsignedInt = field.getUint32(24, true) === 1
    const milliwatts =
      given && isUnsignedInt ? field.getUint32(32, true) : one((value) => nvml.nvmlDeviceGetPowerUsage(device, value))
    return milliwatts === undefined ? undefined : milliwatts / 1000
  }

  function memory(device: bigint): Pick<Reading, 'memoryUsed' | 'memoryTotal'> {
    const newer = new DataView(new ArrayBuffer(40))
    newer.setUint32(0, 40 | (2 << 24), true)
    if (memoryV2?.(device, bytesOf(newer)) === ok)
      return { memoryTotal: Number(newer.getBigUint64(8, true)), memoryUsed: Number(newer.getBigUint64(32, true)) }
    const older = new BigUint64Array(3)
    const given = nvml.nvmlDeviceGetMemoryInfo(device, older) === ok
    const [total, , used] = given ? older : []
    return { memoryTotal: whole(total), memoryUsed: whole(used) }
  }

  function throttle(device: bigint): Reading['throttle'] {
    const mask = new BigUint64Array(1)
    return clockReasons?.(device, mask) === ok ? reasonsOf(mask[0] ?? 0n) : undefined
  }

  function processes(device: bigint): Reading['processes'] {
    const computing = compute && list((count, infos) => compute(device, count, infos), 'compute')
    if (computing === undefined) return undefined
    const drawing = (graphics && list((count, infos) => graphics(device, count, infos), 'graphics')) ?? []
    const known = new Set(computing.map(({ pid }) => pid))
    return [...computing, ...drawing.filter(({ pid }) => !known.has(pid))]
  }
}

/** Of a nvmlProcessInfo_t: pid, 4 bytes of nothing, memory, two more numbers. */
const processBytes = 24

function list(
  call: (count: Uint32Array, infos: Uint8Array) => number,
  kind: GpuProcess['kind'],
  room = 32,
): readonly GpuProcess[] | undefined {
  const count = new Uint32Array([room])
  const infos = new DataView(new ArrayBuffer(room * processBytes))
  const done = call(count, bytesOf(infos))
  const [found = 0] = count
  // It says how many there are; more may come meanwhile.
  if (done === insufficientSize && found > room) return list(call, kind, 2 * found)
  if (done !== ok) return undefined
  return Array.from({ length: Math.min(found, room) }, (_, at) => {
    const memory = infos.getBigUint64(at * processBytes + 8, true)
    return {
      pid: infos.getUint32(at * processBytes, true),
      kind,
      memory: memory === notAvailable ? undefined : whole(memory),
    }
  })
}

const notAvailable = 2n ** 64n - 1n

function perhaps<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch {
    return undefined // this driver has no such call: what it would tell can't be known
  }
}

function one(call: (value: Uint32Array) => number): number | undefined {
  const value = new Uint32Array(1)
  return call(value) === ok ? value[0] : undefined
}

function text(call: (bytes: Uint8Array) => number, room: number): string | undefined {
  const bytes = new Uint8Array(room)
  if (call(bytes) !== ok) return undefined
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(bytes.subarray(0, end === -1 ? room : end))
}

function whole(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function bytesOf({ buffer }: DataView): Uint8Array {
  return new Uint8Array(buffer)
}
