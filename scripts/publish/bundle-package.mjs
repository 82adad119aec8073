// The libraries: one file per export of a package.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

/** What every file we publish is built with. Names and line structure stay: what a user meets in a stack trace or a debugger can be read. */
export const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  legalComments: 'none',
  logLevel: 'warning',
  sourcesContent: false,
  write: true,
};

/** Taken in instead of imported: of `tslib` a package needs two functions, and importing it costs a start 11 ms (its CommonJS is searched for names). */
export const TAKEN_IN = new Set(['tslib']);

/** Bundles what the exports of `manifest` name, except what `bundlePrograms` makes; other packages, ours included, stay imports. */
export async function bundlePackage(source, manifest, target) {
  const entryPoints = Object.entries(manifest.exports)
    .filter(([path]) => !(manifest.name === 'plimsoll' && path === './auto'))
    .map(([, entry]) => join(source, entry.default));
  const { metafile } = await build({
    ...common,
    entryPoints,
    outbase: join(source, 'dist'),
    outdir: join(target, 'dist'),
    splitting: true,
    chunkNames: 'shared-[hash]',
    external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
      (name) => !TAKEN_IN.has(name),
    ),
    sourcemap: 'linked',
    metafile: true,
    // Puts numeric constants into the code that uses them; as variables of a module each use is a load with a check, a tenth of a cache's `get` and `set`.
    minifySyntax: manifest.name === '@plimsoll/cache',
  });
  for (const output of Object.keys(metafile.outputs)) {
    if (output.endsWith('.map')) pointMapIntoPackage(join(process.cwd(), output), source, target);
  }
}

/** Names the sources of a map as they lie in the repository of the package, from wherever it was built. */
function pointMapIntoPackage(path, source, target) {
  const map = JSON.parse(readFileSync(path, 'utf8'));
  map.sources = map.sources.map((name) => {
    const inPackage = relative(source, join(dirname(path), name));
    const [, library] = /.*node_modules\/(.+)/.exec(inPackage) ?? [];
    return library ?? relative(dirname(path), join(target, inPackage));
  });
  writeFileSync(path, JSON.stringify(map));
}
