import { address, type Html, html } from './markup.ts'

/** What lies beside a run's journal, as a page of the run shows it. */
export interface Beside {
  /** From the page to the run's folder: an address that ends in a slash, or is empty where they are one. */
  readonly folder: string
  /** The files and folders of the run that there are and that the page may name, relative to the run's folder. */
  readonly files: ReadonlySet<string>
  /** The end of what each step logged. */
  readonly logs: ReadonlyMap<string, Tail>
  readonly artifacts: ReadonlyMap<string, Artifacts>
}

/** The last lines of a step's log. */
export interface Tail {
  readonly lines: readonly string[]
  /** How many lines there are before these. */
  readonly before: number
}

/** What a step left in its folder. */
export interface Artifacts {
  /** Relative to the run's folder. */
  readonly folder: string
  readonly first: readonly { readonly path: string; readonly bytes: number }[]
  readonly count: number
}

/** A link to a file of the run; its words alone where it is not there. */
export function fileLink({ folder, files }: Beside, path: string, words: string): Html {
  return files.has(path) ? html`<a href="${address(folder, path)}">${words}</a>` : html`${words}`
}
