// Tarballs, as npm makes them.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Packs package folders into `destination`. Returns npm's answer for each (`version`, `files`, …) with its `path`. */
export function packTarballs(folders, destination) {
  // A specifier that begins with ./ or / is a folder; the scripts of libraries are not ours to run.
  const words = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', destination];
  const output = execFileSync('npm', [...words, ...folders], { encoding: 'utf8' });
  return JSON.parse(output).map((one) => ({ ...one, path: join(destination, one.filename) }));
}
