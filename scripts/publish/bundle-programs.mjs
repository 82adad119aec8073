// What of the package `plimsoll` is started rather than imported: the preload and the command. Each has everything of ours inside, because each is measured by its start.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { common, TAKEN_IN } from './bundle-package.mjs';

/** The files of the command that something starts by their path. */
const COMMAND_FILES = ['cli/main.js', 'cli/analysis/analysis-process.js'];
/** CommonJS is told where it is by this, which stands for `import.meta.url`. */
const commonJs = {
  format: 'cjs',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: `const moduleUrl=require('node:url').pathToFileURL(__filename).href;` },
};

/** What the command has inside although it is a package: ours that its quick commands need, and what every package takes in. */
const INSIDE = new Set(['@plimsoll/memory', '@plimsoll/heap', '@plimsoll/watchdog', ...TAKEN_IN]);

export async function bundlePrograms(source, manifest, target) {
  const from = join(source, 'dist');
  const to = join(target, 'dist');
  await bundlePreload(from, to);
  await bundlePlanner(from, to, join(target, 'bin'));
  const outside = Object.keys(manifest.dependencies).filter((name) => !INSIDE.has(name));
  await bundleCommand(from, to, [...outside, 'koffi']);
  // Copied into containers by hand: one file that needs nothing.
  const client = 'cli/control/client.js';
  await build({ ...common, entryPoints: [join(from, client)], outfile: join(to, client) });
}

/** `plimsoll/auto`, an ES module so that bundlers of services can take it in; and the same as CommonJS for `--require`, where that saves the ES module loader. */
async function bundlePreload(from, to) {
  const guard = { ...common, external: ['koffi'], minifyWhitespace: true, minifySyntax: true };
  await build({ ...guard, entryPoints: [join(from, 'auto.js')], outfile: join(to, 'auto.js') });
  await build({
    ...guard,
    entryPoints: [join(from, 'preload-service.js')],
    outfile: join(to, 'preload-service.cjs'),
    ...commonJs,
  });
  const preload = join(to, 'preload.cjs');
  writeFileSync(
    preload,
    readFileSync(join(from, 'preload.cjs'), 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, ''),
  );
  renameInside(preload, './preload-service.js', './preload-service.cjs');
}

/** Replaces the one place in the file at `path` that names `name`. */
function renameInside(path, name, publishedName) {
  const parts = readFileSync(path, 'utf8').split(name);
  if (parts.length !== 2) throw new Error(`${path} names ${name} ${parts.length - 1} times; expected once`);
  writeFileSync(path, parts.join(publishedName));
}

/** What every `plimsoll run` waits for: CommonJS and one file, so that neither the ES module loader nor the streams it loads are started for it. */
async function bundlePlanner(from, to, bin) {
  await build({
    ...common,
    ...commonJs,
    entryPoints: [join(from, 'cli/planner.js')],
    outfile: join(to, 'cli/planner.cjs'),
    minifyWhitespace: true,
    plugins: [keepModuleUrls(from, ['cli/planner.js'])],
  });
  renameInside(join(bin, 'plimsoll'), '$plimsoll_cli/planner.js', '$plimsoll_cli/planner.cjs');
}

async function bundleCommand(from, to, external) {
  const { metafile } = await build({
    ...common,
    entryPoints: COMMAND_FILES.map((file) => join(from, file)),
    outbase: from,
    outdir: to,
    splitting: true,
    chunkNames: 'cli/[name]-[hash]',
    external,
    minifyWhitespace: true,
    plugins: [keepModuleUrls(from, COMMAND_FILES)],
    metafile: true,
  });
  // The rewriting below holds for chunks, which lie in cli/, and for entries, which stay where they were.
  for (const [output, { inputs, entryPoint }] of Object.entries(metafile.outputs)) {
    const folder = dirname(relative(to, join(process.cwd(), output)));
    for (const input of Object.keys(inputs)) {
      if (folder === 'cli' || input === entryPoint) continue;
      if (/import\.meta\.url/.test(readFileSync(input, 'utf8')))
        throw new Error(`${input} asks for import.meta.url, and ${output} lies elsewhere than cli/`);
    }
  }
}

/** Lets a module find the files beside it (`new URL('x.js', import.meta.url)`) from the chunk that it became part of. */
function keepModuleUrls(from, files) {
  const entries = new Set(files.map((file) => join(from, file)));
  return {
    name: 'keep-module-urls',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (entries.has(path) || !path.startsWith(from + sep)) return undefined;
        const contents = readFileSync(path, 'utf8');
        if (!contents.includes('import.meta.url')) return undefined;
        const name = relative(join(from, 'cli'), path).split(sep).join('/');
        return {
          contents: contents.replaceAll(
            'import.meta.url',
            `new URL(${JSON.stringify(name)}, import.meta.url).href`,
          ),
        };
      });
    },
  };
}
