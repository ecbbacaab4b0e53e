/** What a card says of itself while it works: one interface, whoever is asked. */

/** What may hold its clocks down, or sets them, with NVML's bit for each: its clock event reasons. */
const bits = [
  ['idle', 0x1n],
  ['application clocks', 0x2n],
  ['software power cap', 0x4n],
  ['hardware slowdown', 0x8n],
  ['sync boost', 0x10n],
  ['software thermal slowdown', 0x20n],
  ['hardware thermal slowdown', 0x40n],
  ['power brake', 0x80n],
  ['display clocks', 0x100n],
] as const
/** `unknown`: a bit that has no name here. */
export type ThrottleReason = (typeof bits)[number][0] | 'unknown'
export const throttleReasons: readonly ThrottleReason[] = [...bits.map(([reason]) => reason), 'unknown']

export interface GpuProcess {
  readonly pid: number
  /** `graphics`: no compute context. A Vulkan program is one, as is whatever draws the desktop. */
  readonly kind: 'compute' | 'graphics'
  /** Bytes of the card's memory. */
  readonly memory: number | undefined
}

/** Undefined is what can't be known here. */
export interface Reading {
  /** MHz. */
  readonly smClock: number | undefined
  readonly memoryClock: number | undefined
  /** Degrees Celsius. */
  readonly temperature: number | undefined
  /** Watts. */
  readonly power: number | undefined
  /** Percent of a time of up to a second before the look in which anything ran on the card, however little of it. */
  readonly utilisation: number | undefined
  /** Bytes. */
  readonly memoryUsed: number | undefined
  readonly memoryTotal: number | undefined
  readonly throttle: readonly ThrottleReason[] | undefined
  readonly processes: readonly GpuProcess[] | undefined
}

/** `at` is in milliseconds of this process's own clock. */
export type Look =
  | ({ readonly state: 'seen'; readonly at: number } & Reading)
  /** The card, or whoever told of it, is no longer there. */
  | { readonly state: 'lost'; readonly at: number; readonly sentence: string }

export interface Card {
  readonly name: string
  /** In the order of the PCI bus. */
  readonly index: number
  readonly uuid: string
  /** The card's kind on the PCI bus: device and vendor, `0x233510de`. */
  readonly pciDevice: string | undefined
  readonly driver: string | undefined
}

/** Where several cards are alike, which one is watched is a guess, and the note says so. */
export interface WatchedCard {
  readonly card: Card
  readonly note: string | undefined
}

export interface GpuTelemetry extends WatchedCard {
  readonly kind: 'nvml' | 'nvidia-smi' | 'fake'
  /** What the card says next, once: it comes as often as the source gives it, which is 10 to 20 times a second. Never rejects. */
  look(): Promise<Look>
  close(): Promise<void>
}

export type Telemetry = GpuTelemetry | { readonly kind: 'none'; readonly sentence: string }

export function reasonsOf(mask: bigint): readonly ThrottleReason[] {
  const set = bits.filter(([, bit]) => (mask & bit) !== 0n)
  const rest = set.reduce((left, [, bit]) => left & ~bit, mask)
  return [...set.map(([reason]) => reason), ...(rest === 0n ? [] : (['unknown'] as const))]
}

export const nothingKnown: Reading = {
  smClock: undefined,
  memoryClock: undefined,
  temperature: undefined,
  power: undefined,
  utilisation: undefined,
  memoryUsed: undefined,
  memoryTotal: undefined,
  throttle: undefined,
  processes: undefined,
}
