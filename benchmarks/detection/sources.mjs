// The code that decides, as it is in the sources: none of it is exported, because a service has no use for it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const packages = join(import.meta.dirname, '..', '..', 'packages');

/** Trend, level, danger and cost, bundled from the sources of three packages. */
export async function loadDeciders() {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-detection-'));
  const outfile = join(folder, 'deciders.mjs');
  const source = (path) => JSON.stringify(join(packages, path));
  try {
    await build({
      stdin: {
        contents: [
          `export { TrendTracker } from ${source('memory/src/trend/trend-tracker.ts')};`,
          `export { PressureDecider } from ${source('memory/src/pressure/pressure-decider.ts')};`,
          `export { findDanger } from ${source('watchdog/src/ladder/danger.ts')};`,
          `export { GrowthSnapshots } from ${source('watchdog/src/ladder/growth-snapshots.ts')};`,
          `export { usualVigilance, waryVigilance } from ${source('watchdog/src/ladder/vigilance.ts')};`,
          `export { FloorProbe } from ${source('watchdog/src/ladder/floor-probe.ts')};`,
          `export { predictSnapshotCost } from ${source('inspect/src/snapshot/snapshot-cost.ts')};`,
          `export { judgeSnapshot } from ${source('inspect/src/snapshot/snapshot-verdict.ts')};`,
        ].join('\n'),
        resolveDir: import.meta.dirname,
      },
      alias: Object.fromEntries(
        ['memory', 'inspect'].map((name) => [`@plimsoll/${name}`, join(packages, name, 'src', 'index.ts')]),
      ),
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
