import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readReport, renderReport } from '../../src/index.ts';
import { temporaryFolder } from '../fixture.ts';
import { writeIncident } from '../report/incident-folder.ts';
import { grow } from '../scenarios/grow.ts';
import { chromiumMissing, findChromium, keepScreenshot, launchChromium } from './chromium.ts';

const chromium = findChromium();
const folder = temporaryFolder();
let browser: Browser | undefined;
let url = '';

beforeAll(async () => {
  if (chromium === undefined) return;
  const snapshots = grow('nested-registry.mjs', [3000, 12_000], folder.path);
  const path = writeIncident(folder.path, snapshots, true);
  const page = join(path, 'report.html');
  writeFileSync(page, renderReport(await readReport(path), 'html'));
  url = pathToFileURL(page).href;
  browser = await launchChromium(chromium);
});
afterAll(async () => {
  await browser?.close();
  folder[Symbol.dispose]();
});

describe(
  chromium === undefined ? `a report's page ${chromiumMissing}` : "a report's page in a real Chromium",
  () => {
    test.skipIf(chromium === undefined).each(['light', 'dark'] as const)(
      'reads in %s with contrast of 4.5 and more, fits a phone, and asks the network for nothing',
      async (colorScheme) => {
        const page = await (browser as Browser).newPage({
          colorScheme,
          viewport: { width: 1100, height: 900 },
        });
        const requests: string[] = [];
        const faults: string[] = [];
        page.on('request', (request) => requests.push(request.url()));
        page.on('pageerror', (error) => faults.push(error.message));
        page.on('console', (message) => faults.push(message.text()));
        await page.goto(url);
        const contrast = await page.evaluate(() => {
          const luminance = (color: string): number => {
            const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => {
              const value = Number(part) / 255;
              return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
          };
          const ground = luminance(getComputedStyle(document.body).backgroundColor);
          return ['body', 'figcaption', 'td', 'a', 'summary'].map((selector) => {
            const element = document.querySelector(selector);
            const ink = element === null ? 0 : luminance(getComputedStyle(element).color);
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
          });
        });
        expect(Math.min(...contrast)).toBeGreaterThanOrEqual(4.5);
        await keepScreenshot(page, `report-${colorScheme}`);
        await page.setViewportSize({ width: 390, height: 800 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
        expect(requests).toEqual([url]);
        expect(faults).toEqual([]);
        expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
        await page.close();
      },
    );

    test.skipIf(chromium === undefined)(
      'sorts by a click, widens a frame by Enter, shows a tile under the tab key, and prints',
      async () => {
        const page = await (browser as Browser).newPage({ viewport: { width: 1100, height: 900 } });
        await page.goto(url);
        const head = page.getByRole('button', { name: 'count' });
        await head.click();
        const counts = await page.locator('#classes tbody tr td:nth-child(2)').allInnerTexts();
        const numbers = counts.map((text) => Number(text.replaceAll(',', '')));
        expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
        const frame = page.locator('svg.flame .frame').nth(2);
        await frame.focus();
        await page.keyboard.press('Enter');
        expect(Number(await frame.locator('rect').getAttribute('width'))).toBe(1000);
        await page.keyboard.press('Escape');
        expect(Number(await frame.locator('rect').getAttribute('width'))).toBeLessThan(1000);
        await page.locator('svg.treemap .tile').first().focus();
        await page.keyboard.press('Tab');
        const detail = page.locator('#treemap .detail');
        expect(await detail.innerText()).toMatch(/: [\d.]+ [kM]?B, .* % of the heap/);
        await page.locator('summary').first().press('Enter');
        expect(await page.locator('details').first().getAttribute('open')).not.toBeNull();
        const pdf = await page.pdf({ format: 'A4' });
        expect(pdf.length).toBeGreaterThan(20_000);
        await page.emulateMedia({ media: 'print' });
        expect(await page.locator('nav').isVisible()).toBe(false);
        await page.close();
      },
    );
  },
);
