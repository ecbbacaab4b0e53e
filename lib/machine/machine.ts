/** What is known of the machine that a run runs on; see host.ts for this one, fake.ts for tests. */
export interface Machine {
  /** Tells machines apart whose numbers cannot be compared: a short hash of what they are made of, no secret, the same after a reboot. */
  fingerprint(): string
  /** Looks at the machine now; `end` looks again and says what came in between that may show in numbers. Each look takes milliseconds. */
  watch(): Watch
  /** What `noise` found on this machine; undefined where it has not been run. Throws a Problem where that cannot be read. */
  detectable(): readonly Detectable[] | undefined
}

export interface Watch {
  end(): readonly Disturbance[]
}

/** Something that the machine did while numbers were taken. What cannot be read on a machine is never told of it. */
export interface Disturbance {
  readonly kind: 'load' | 'steal' | 'governor' | 'frequency' | 'heat' | 'swapping' | 'quota' | 'memory'
  /** One clause with its figures: `other programs used 0.8 of 2 cores`. */
  readonly text: string
}

/** The smallest relative change (0.02: two percent) that `n` paired samples of a fixed workload show on this machine, at 95 %. */
export interface Detectable {
  readonly n: number
  readonly change: number
}
