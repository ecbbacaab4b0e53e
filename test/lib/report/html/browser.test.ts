import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import * as v from 'valibot'
import { htmlPage } from '../../../../lib/report/html/page.ts'
import { without } from '../outside.ts'
import { chromium, inChromium, type Reader } from './browser.ts'
import { showcaseInput } from './showcase.ts'

// A browser takes its time to start where others have every core.
setDefaultTimeout(120_000)

const readers: readonly Reader[] = [
  { width: 1280, theme: 'light', scripts: true },
  { width: 1280, theme: 'dark', scripts: true },
  { width: 390, theme: 'light', scripts: true },
  { width: 390, theme: 'dark', scripts: true },
]

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const violations = v.array(v.object({ id: v.string(), impact: v.nullable(v.string()), nodes: v.array(v.string()) }))
/** A sample is a line without a length, whose round ends are a dot. */
const drawnSamples = `[...document.querySelectorAll('.strip path')].map((path) => path.getAttribute('d').split('L').length - 1).reduce((a, b) => a + b, 0)`
const runAxe = `axe.run().then(({ violations }) =>
  violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html) })))`

describe.skipIf(chromium === null)(`in a browser${without(chromium !== null, 'chromium')}`, () => {
  test('a page is accessible, fits its window, is drawn in both themes, and says all without JavaScript', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-page-'))
    try {
      const path = join(folder, 'report.html')
      const page = await htmlPage(showcaseInput())
      // What is closed is to be looked at too.
      writeFileSync(path, page.replaceAll('<details', '<details open'))
      await inChromium(async (tab) => {
        for (const reader of readers) {
          await tab.open(path, reader)
          await tab.evaluate(axe)
          const found = v.parse(violations, await tab.evaluate(runAxe))
          expect(found).toEqual([])
          const widths = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
          expect(await tab.evaluate(widths)).toBe(0)
          const { data, info } = await sharp(await tab.screenshot())
            .raw()
            .toBuffer({ resolveWithObject: true })
          expect(info.height).toBeGreaterThan(2000)
          const background = Math.max(...data.subarray(0, 3))
          if (reader.theme === 'dark') expect(background).toBeLessThan(60)
          else expect(background).toBeGreaterThan(200)
          expect(await tab.evaluate(drawnSamples)).toBeGreaterThan(200)
        }
        // What the page holds is text: nothing of it became an element, and nothing ran.
        expect(await tab.evaluate('document.querySelectorAll("img, script").length')).toBe(0)
        await tab.open(path, { width: 1280, theme: 'light', scripts: false })
        const text = String(await tab.evaluate('document.body.innerText'))
        for (const words of [
          'What went wrong',
          '</script><img src=x onerror=alert(1)>',
          '43.39 – 44.50',
          'The store said 404',
          '--resume',
        ])
          expect(text).toContain(words)
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
