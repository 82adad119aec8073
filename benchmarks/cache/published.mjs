// What users install, not the source tree: makes the published package in a folder of this process's own and names it to contenders.mjs, here and in children.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleAll } from '../../scripts/bundle.mjs';

if (process.env.PLIMSOLL_BENCH_CACHE === undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-published-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const published = await bundleAll(folder);
  process.env.PLIMSOLL_BENCH_CACHE = pathToFileURL(
    join(published['@plimsoll/cache'], 'dist', 'index.js'),
  ).href;
}
