/** A machine's counters at one moment; what a machine does not show is absent. All times are in seconds. */
export interface Look {
  readonly at: number
  readonly cores: number
  /** Of all cores together since the machine started: at work for a program, and taken away by the hypervisor. */
  readonly busy?: number
  readonly stolen?: number
  /** CPU time of this process and of all that it has started. */
  readonly own?: number
  /** How each core's clock is chosen: `performance`, `powersave`. */
  readonly governors?: readonly string[]
  /** Of the core that this process is on, in Hz. */
  readonly clock?: number
  /** How often each core was slowed down to cool. */
  readonly heat?: readonly number[]
  /** Pages that went to swap, and that came back. */
  readonly swapped?: { readonly out: number; readonly in: number }
  /** How often, and for how long, a quota on the CPU stopped this process's control groups. */
  readonly quota?: { readonly times: number; readonly seconds: number }
  /** In which some program waited for memory. */
  readonly memoryStall?: number
}
