// Makes the packages as they are published: node scripts/bundle.mjs [folder]      (after tsc -b; `pnpm build` does both)
// What is compiled is some hundred small modules a package, and each costs a start 0.1 to 0.3 ms and some 50 kB. What is published is one file per entry, with what
// entries share in chunks. <folder>, published/ by default, becomes what `npm install` would make of it: node_modules/<name>/{package.json,dist,…}, so that tests
// and benchmarks can run what is published; nothing else in this tree does, so that nothing runs code that is older than its sources.
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundlePackage, TAKEN_IN } from './publish/bundle-package.mjs';
import { bundlePrograms } from './publish/bundle-programs.mjs';
import { writeManifest } from './publish/manifest.mjs';
import { requireFilesNamed } from './publish/named-files.mjs';
import { copyTexts, copyTypes } from './publish/texts.mjs';

const root = join(import.meta.dirname, '..');

/** Where `pnpm build` puts the published packages. */
export const publishedFolder = join(root, 'published');

/** Names of the folders in packages/, each of which is published. */
export const packageFolders = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'package.json')),
);

/** Writes every package as it is published into `folder`/node_modules, and links the libraries they need beside them. Resolves to the folder of each by its name. */
export async function bundleAll(folder = publishedFolder) {
  const modules = join(folder, 'node_modules');
  rmSync(modules, { recursive: true, force: true });
  const manifests = new Map(
    packageFolders.map((name) => [
      name,
      JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')),
    ]),
  );
  const targets = {};
  for (const [name, manifest] of manifests) {
    const source = join(root, 'packages', name);
    const target = join(modules, manifest.name);
    targets[manifest.name] = target;
    mkdirSync(join(target, 'dist'), { recursive: true });
    writeManifest(manifest, manifests, target);
    copyTexts(source, root, target);
    copyTypes(source, manifest, target);
    if (name === 'plimsoll') await bundlePrograms(source, manifest, target);
    await bundlePackage(source, manifest, target);
    requireFilesNamed(join(target, 'dist'));
    linkLibraries(source, manifest, modules);
  }
  return targets;
}

/** The third-party packages that the published `manifest` depends on, where a resolver looks for them. */
function linkLibraries(source, manifest, modules) {
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(modules, name);
    const isOurs = name.startsWith('@plimsoll/');
    if (isOurs || TAKEN_IN.has(name) || existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(source, 'node_modules', name)), link);
  }
}

if (process.argv[1] === import.meta.filename) {
  const targets = await bundleAll(process.argv[2]);
  process.stdout.write(`${Object.keys(targets).length} packages in ${dirname(targets.plimsoll)}\n`);
}
