// The package.json of a published package.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TAKEN_IN } from './bundle-package.mjs';

const KEPT = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'repository',
  'bin',
  'type',
  'sideEffects',
  'exports',
  'dependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'engines',
];

/** Writes what a user of the package needs of `manifest`, with the versions of the packages of ours it depends on. `manifests` are all of ours by folder. */
export function writeManifest(manifest, manifests, target) {
  const versions = new Map([...manifests.values()].map(({ name, version }) => [name, version]));
  const published = Object.fromEntries(
    KEPT.flatMap((key) => (key in manifest ? [[key, manifest[key]]] : [])),
  );
  published.dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies)
      .filter(([name]) => !TAKEN_IN.has(name))
      .map(([name, range]) => [
        name,
        range.startsWith('workspace:') ? `${range.slice('workspace:'.length)}${versions.get(name)}` : range,
      ]),
  );
  published.files = ['bin', 'dist'].filter((folder) => folder === 'dist' || 'bin' in manifest);
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
}
