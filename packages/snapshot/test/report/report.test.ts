import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

import { readReport, renderReport } from '../../src/index.ts';
import { squarify } from '../../src/report/html/treemap-chart.ts';
import { temporaryFolder, unpackFixture } from '../fixture.ts';
import { writeIncident } from './incident-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

test('puts timeline, decisions, suspects, treemap, classes and allocations of an incident on one page without a link out', async () => {
  const path = writeIncident(join(folder.path, 'one'), [unpackFixture(24, folder.path)]);
  const html = renderReport(await readReport(path), 'html');
  for (const title of [
    'What holds the heap',
    'Memory against the load line',
    'Who keeps what',
    'Classes',
    'Where live memory was allocated',
    'Decisions',
  ]) {
    expect(html).toContain(`>${title}</h2>`);
  }
  expect(html.match(/(src|href)="(?!#)/g)).toBeNull();
  expect(html).toContain("default-src 'none'");
  expect(html).toContain('load line (limit)');
  expect(html).toContain('snapshot refused');
});

test('shows the census when there is no snapshot, and says so', async () => {
  const path = writeIncident(join(folder.path, 'census'), []);
  const census = (count: number): unknown => ({
    atMs: 1,
    containers: [{ path: 'sessions', file: 'store.js', line: 4, kind: 'Map', count, bytes: count * 700 }],
  });
  const record = { schemaVersion: 1, censuses: [census(30_000), census(90_000)] };
  writeFileSync(join(path, 'census.json'), JSON.stringify(record));
  const report = await readReport(path);
  expect(report.census?.containers).toEqual([
    {
      path: 'sessions',
      place: 'store.js:4',
      kind: 'Map',
      count: 90_000,
      bytes: 63_000_000,
      gainedCount: 60_000,
    },
  ]);
  const html = renderReport(report, 'html');
  expect(html).toContain(
    '<td>Map sessions</td><td>store.js:4</td><td>90,000</td><td>+60,000</td><td>63.0 MB</td>',
  );
  expect(html).toContain('There is no heap snapshot in this folder');
});

test('costs a damaged snapshot or file its section, not the page', async () => {
  const path = writeIncident(join(folder.path, 'damaged'), []);
  writeFileSync(join(path, 'heap-1.heapsnapshot'), '');
  writeFileSync(join(path, 'allocation.heapprofile'), '{');
  const report = await readReport(path);
  expect(report.notes[0]).toMatch(/^allocation\.heapprofile could not be read/);
  expect(report.notes[1]).toContain('the file ends at byte 0');
  expect(report.timeline).toHaveLength(120);
  expect(renderReport(report, 'html')).toContain('Memory against the load line');
  await expect(readReport(join(folder.path, 'missing'))).rejects.toMatchObject({
    code: 'ERR_SNAPSHOT_INPUT',
  });
});

test('leaves a snapshot out that needs more memory than allowed, and names the number', async () => {
  const path = writeIncident(join(folder.path, 'large'), [unpackFixture(20, folder.path)]);
  const report = await readReport(path, { maxMemoryBytes: 2 ** 20 });
  expect(report.analysis).toBeUndefined();
  expect(report.notes[0]).toMatch(/needs \d+ MiB of memory and 1 MiB are allowed/);
});

test('prints the same as Markdown', async () => {
  const path = join(folder.path, 'plain');
  mkdirSync(path);
  writeFileSync(join(path, 'a.heapsnapshot'), readFileSync(unpackFixture(26, folder.path)));
  const text = renderReport(await readReport(path), 'markdown');
  expect(text).toMatch(/^# plain\n/);
  expect(text).toContain('| class | count | self | retained | of the heap |');
});

test('lays 6, 6, 4, 3, 2, 2 and 1 out in a 6 by 4 area as the paper does', () => {
  const areas = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 }, 24);
  expect(areas.slice(0, 2)).toEqual([
    { x: 0, y: 0, width: 3, height: 2 },
    { x: 0, y: 2, width: 3, height: 2 },
  ]);
  for (const [at, size] of [6, 6, 4, 3, 2, 2, 1].entries()) {
    const area = areas[at];
    expect((area?.width ?? 0) * (area?.height ?? 0)).toBeCloseTo(size, 9);
  }
});
