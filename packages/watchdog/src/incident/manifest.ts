import type nodeCrypto from 'node:crypto';
import { createReadStream, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The list of what belongs to an incident, written last of all its files. */
export const manifestFileName = 'manifest.json';

/** A piece takes the service's thread about 1 ms; smaller ones cost more in waiting than in hashing. */
const pieceBytes = 512 * 1024;

/** One file of an incident as it was written. */
export interface ManifestEntry {
  readonly name: string;
  readonly fileBytes: number;
  /** Lower-case hex. Null for the timeline of a living process, which goes on, and for a heap snapshot until it has been counted whole. */
  readonly sha256: string | null;
}

/** What `manifest.json` holds. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly writtenAtMs: number;
  readonly files: readonly ManifestEntry[];
}

/** The digest of some bytes. `node:crypto` is loaded with the first incident: 2 ms and 0.4 MB that no start should pay. */
export function sha256Of(bytes: Uint8Array): string {
  return crypto().createHash('sha256').update(bytes).digest('hex');
}

/** The digest of a file of any size, read piece by piece. @throws what the file system throws. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = crypto().createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes }))
    hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** The text of a manifest. */
export function manifestText(files: readonly ManifestEntry[]): string {
  const manifest: Manifest = { schemaVersion: 1, writtenAtMs: Date.now(), files };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The manifest of an incident; undefined where there is none, as in incidents of earlier versions, or it cannot be read. */
export function readManifest(folder: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, manifestFileName), 'utf8')) as Manifest;
    return manifest.schemaVersion === 1 && Array.isArray(manifest.files) ? manifest : undefined;
  } catch {
    // Verifying says so; nothing else needs it.
    return undefined;
  }
}

/** Takes files of an incident whose process is gone down as they are now, beside those the manifest had. @throws what the file system throws. */
export function renewManifest(folder: string, names: readonly string[]): void {
  const files = new Map(readManifest(folder)?.files.map((entry) => [entry.name, entry]));
  for (const name of names) {
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) continue;
    const bytes = readFileSync(path);
    files.set(name, { name, fileBytes: bytes.length, sha256: sha256Of(bytes) });
  }
  const path = join(folder, manifestFileName);
  writeFileSync(`${path}.partial`, manifestText([...files.values()]), { mode: 0o600 });
  renameSync(`${path}.partial`, path);
}

function crypto(): Pick<typeof nodeCrypto, 'createHash'> {
  return process.getBuiltinModule('node:crypto');
}
