import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'

/** Debian's Chromium, where it is installed. */
export const chromium = Bun.which('chromium')

/** A page in a browser without a window. */
export interface BrowserTab {
  /** Opens a file as the reader has set their browser. */
  open(path: string, reader: Reader): Promise<void>
  /** What an expression comes to, once its promise is settled. */
  evaluate(expression: string): Promise<unknown>
  /** The whole page as PNG. */
  screenshot(): Promise<Buffer>
}

export interface Reader {
  readonly width: number
  readonly theme: 'light' | 'dark'
  readonly scripts: boolean
}

const reply = v.object({
  id: v.optional(v.number()),
  method: v.optional(v.string()),
  result: v.optional(v.record(v.string(), v.unknown()), {}),
  error: v.optional(v.object({ message: v.string() })),
})

/** Starts Chromium, hands a tab of it to `work`, and ends it. */
export async function inChromium<T>(work: (tab: BrowserTab) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'assay-chromium-'))
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--hide-scrollbars',
    '--remote-debugging-port=0',
  ]
  const browser = Bun.spawn([chromium ?? 'chromium', ...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  try {
    return await work(await tabAt(await portOf(profile, browser)))
  } finally {
    browser.kill('SIGKILL')
    await browser.exited
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Chromium writes the port it has found into its profile. */
async function portOf(profile: string, browser: Bun.Subprocess): Promise<string> {
  const file = join(profile, 'DevToolsActivePort')
  const deadline = Date.now() + 60_000
  while (!existsSync(file) || !readFileSync(file, 'utf8').includes('\n')) {
    if (Date.now() > deadline || browser.exitCode !== null)
      throw new Error(`Chromium did not start (${browser.exitCode})`)
    await Bun.sleep(20)
  }
  return readFileSync(file, 'utf8').split('\n')[0] ?? ''
}

async function tabAt(port: string): Promise<BrowserTab> {
  const tabs = v.array(v.object({ type: v.string(), webSocketDebuggerUrl: v.string() }))
  const found = v.parse(tabs, await (await fetch(`http://127.0.0.1:${port}/json/list`)).json())
  const socket = new WebSocket(found.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? '')
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const waiting = new Map<
    number,
    { resolve(result: Readonly<Record<string, unknown>>): void; reject(error: Error): void }
  >()
  let loaded = () => {}
  let count = 0
  socket.onmessage = ({ data }) => {
    const { id, method, result, error } = v.parse(reply, JSON.parse(String(data)))
    if (method === 'Page.loadEventFired') loaded()
    const one = waiting.get(id ?? -1)
    if (error) one?.reject(new Error(error.message))
    else one?.resolve(result)
  }
  const ask = (method: string, params: object = {}) =>
    new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      waiting.set(++count, { resolve, reject })
      socket.send(JSON.stringify({ id: count, method, params }))
    })
  await ask('Page.enable')
  return {
    async open(path, { width, theme, scripts }) {
      await ask('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false })
      await ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: theme }] })
      await ask('Emulation.setScriptExecutionDisabled', { value: !scripts })
      const load = new Promise<void>((resolve) => {
        loaded = resolve
      })
      await ask('Page.navigate', { url: Bun.pathToFileURL(path).href })
      await load
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await ask('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      })
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
      return v.parse(v.object({ value: v.unknown() }), result).value
    },
    async screenshot() {
      const { data } = await ask('Page.captureScreenshot', { captureBeyondViewport: true })
      return Buffer.from(String(data), 'base64')
    },
  }
}
