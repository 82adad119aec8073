// Makes one file of what the preload loads: node scripts/bundle-preload.mjs [folder | --remove]
// From some hundred small modules a start takes about 30 ms of CPU and 3 MB more than from one file. Only what is published is bundled (prepack makes the files,
// postpack removes them), so that nothing in this tree ever runs code that is older than its sources.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const dist = join(import.meta.dirname, '..', 'packages', 'plimsoll', 'dist');

/** Bundles `auto.js` and `preload-service.js` of the built package `plimsoll` into `folder`, with what they share in a third file. */
export async function bundlePreload(folder = dist) {
  removeBundles(folder);
  await build({
    entryPoints: ['auto.js', 'preload-service.js'].map((name) => join(dist, name)),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    external: ['koffi'],
    outdir: folder,
    entryNames: '[name].bundle',
    chunkNames: 'guard-[hash].bundle',
    // Names stay readable in stack traces; only blanks go.
    minifyWhitespace: true,
    logLevel: 'warning',
  });
}

function removeBundles(folder) {
  for (const name of readdirSync(folder)) if (name.endsWith('.bundle.js')) rmSync(join(folder, name));
}

if (process.argv[1] === import.meta.filename) {
  const [folder] = process.argv.slice(2);
  if (folder === '--remove') removeBundles(dist);
  else await bundlePreload(folder);
}
