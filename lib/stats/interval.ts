/** Both ends belong to it. An end is infinite where nothing can be said of it. */
export interface Interval {
  readonly low: number
  readonly high: number
}
