import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openSnapshot, redactSnapshot, summarizeClasses } from '../../src/index.ts';
import { temporaryFolder, unpackFixture } from '../fixture.ts';
import { chromiumMissing, findChromium, keepScreenshot, launchChromium } from './chromium.ts';

const chromium = findChromium();
const folder = temporaryFolder();
const captured = unpackFixture(24, folder.path);
let browser: Browser | undefined;

beforeAll(async () => {
  if (chromium !== undefined) browser = await launchChromium(chromium);
});
afterAll(async () => {
  await browser?.close();
  folder[Symbol.dispose]();
});

/** Opens the memory panel of DevTools itself and gives it a file. `fault` settles with its first own error. */
async function load(path: string): Promise<{ page: Page; fault: Promise<Error> }> {
  if (browser === undefined) throw new Error('no browser');
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const fault = new Promise<Error>((resolve) => page.once('pageerror', resolve));
  await page.goto('devtools://devtools/bundled/js_app.html');
  await page.getByRole('tab', { name: 'Memory' }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: /load/i }).first().click();
  await (await chooser).setFiles(path);
  return { page, fault };
}

/** The rows of the Summary view: class, count, self and retained size as DevTools prints them. */
async function summaryRows(page: Page): Promise<Map<string, readonly string[]>> {
  await page
    .getByRole('treeitem')
    .filter({ hasText: /\([\d.,]+\s[kMG]?B/ })
    .first()
    .click({ timeout: 60_000 });
  const row = page.locator('tr.data-grid-data-grid-node, tr[class*=data-grid]').filter({ hasText: /×/ });
  await row.first().waitFor({ timeout: 60_000 });
  const texts = await page.evaluate(() => {
    const found: string[][] = [];
    const visit = (root: Document | ShadowRoot): void => {
      for (const element of root.querySelectorAll('*')) {
        if (element.tagName === 'TR')
          found.push([...element.children].map((cell) => (cell as HTMLElement).innerText));
        if (element.shadowRoot !== null) visit(element.shadowRoot);
      }
    };
    visit(document);
    return found;
  });
  const rows = new Map<string, readonly string[]>();
  for (const [name = '', ...cells] of texts) {
    const [className = '', count = ''] = name.replaceAll(' ', ' ').trim().split('×');
    if (count !== '')
      rows.set(className.trim(), [count.trim(), ...cells.map((cell) => cell.replaceAll(' ', ' ').trim())]);
  }
  return rows;
}

describe(chromium === undefined ? `DevTools ${chromiumMissing}` : 'DevTools in a real Chromium', () => {
  test.skipIf(chromium === undefined)(
    'shows the same classes, counts and sizes for a captured snapshot and its redacted copy as this package',
    async () => {
      const redacted = join(folder.path, 'redacted.heapsnapshot');
      await redactSnapshot(captured, redacted);
      using graph = await openSnapshot(captured);
      const ours = new Map(summarizeClasses(graph).list.map((one) => [one.name, one]));
      const shown = async (path: string, name: string): Promise<Map<string, readonly string[]>> => {
        const { page } = await load(path);
        const found = await summaryRows(page);
        await keepScreenshot(page, name);
        await page.close();
        return found;
      };
      const rows = await shown(captured, 'devtools-captured');
      const redactedRows = await shown(redacted, 'devtools-redacted');
      expect(rows.size).toBeGreaterThan(10);
      let comparedCount = 0;
      for (const [name, [count]] of rows) {
        const summary = ours.get(name);
        // Plain objects are grouped by rules of their own on either side.
        if (summary === undefined || name === 'Object' || name.startsWith('{')) continue;
        expect([name, count]).toEqual([name, summary.count.toLocaleString('en-US')]);
        expect([name, redactedRows.get(name)]).toEqual([name, rows.get(name)]);
        comparedCount++;
      }
      expect(comparedCount).toBeGreaterThan(5);
    },
  );

  test.skipIf(chromium === undefined)(
    'never finishes loading a truncated snapshot, which this package refuses with a sentence',
    async () => {
      const truncated = join(folder.path, 'truncated.heapsnapshot');
      writeFileSync(truncated, readFileSync(captured).subarray(0, -100_000));
      await expect(openSnapshot(truncated)).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_TRUNCATED' });
      const { page, fault } = await load(truncated);
      const error = await fault;
      expect(error.message).toContain('Unterminated string');
      const sidebar = await page.getByRole('treeitem').allInnerTexts();
      expect(sidebar.at(-1)).toMatch(/Parsing strings/);
      await keepScreenshot(page, 'devtools-truncated');
      await page.close();
    },
  );
});
