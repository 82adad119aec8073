import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** Node.js versions whose snapshots are committed. */
export const fixtureVersions = [20, 22, 24, 26] as const;

/** A folder that is gone after the test file. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-snapshot-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The bytes of a small snapshot written by that Node.js. */
export function fixtureBytes(version: (typeof fixtureVersions)[number]): Buffer {
  return brotliDecompressSync(
    readFileSync(join(import.meta.dirname, 'fixtures', `node-${version}.heapsnapshot.br`)),
  );
}

/** Unpacks a fixture into a folder and returns its path. */
export function unpackFixture(version: (typeof fixtureVersions)[number], folder: string): string {
  const path = join(folder, `node-${version}.heapsnapshot`);
  writeFileSync(path, fixtureBytes(version));
  return path;
}
