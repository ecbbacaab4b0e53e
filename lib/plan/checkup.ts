/** One thing that `doctor` looked at: what was found, and what follows from it where that is worth a word. */
export interface DoctorLine {
  readonly what: string
  readonly found: string
  readonly note?: string
}

/** What a subject has `doctor` look at: the default export of `tasks/<subject>/<name>.doctor.ts`. It changes nothing, and is done in seconds. */
export interface Checkup {
  look(env: Readonly<Record<string, string | undefined>>): Promise<readonly DoctorLine[]>
}
