import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { verifyHeapSnapshot } from '@plimsoll/inspect';
import { readTimeline } from '../timeline/timeline-ring.ts';
import { partialSuffix } from './incident-name.ts';
import { incidentFileName, type IncidentRecord, readIncident } from './incident-record.ts';
import { type Manifest, manifestFileName, readManifest, sha256OfFile } from './manifest.ts';

/** Whether an incident is whole. */
export interface IncidentVerdict {
  /** A sentence for each thing that is not whole; empty when all is. */
  readonly faults: readonly string[];
  /** Files that were looked at, `incident.json` and the manifest among them. */
  readonly fileCount: number;
}

/**
 * Looks at every file of the incident in `folder`: that each one named is there, has the size and the digest of the manifest, that JSON closes, that the timeline holds ticks, and
 * that the nodes and edges of each heap snapshot are as many as its header says. A file that was written after the manifest, by a process that was killed before the next one, is judged
 * by its content alone. Never rejects.
 */
export async function verifyIncident(folder: string): Promise<IncidentVerdict> {
  let record: IncidentRecord;
  try {
    record = readIncident(folder);
  } catch (error) {
    return { faults: [messageOf(error)], fileCount: 1 };
  }
  const faults: string[] = [];
  const manifest = readManifest(folder);
  const names = new Set([...record.files.map(({ name }) => name), incidentFileName]);
  for (const { name } of manifest?.files ?? []) names.add(name);
  for (const name of names) {
    const path = join(folder, name);
    const fault = (await contentFault(path, name)) ?? (await manifestFault(folder, name, manifest));
    if (fault !== undefined) faults.push(`${name}: ${fault}`);
  }
  const left = readdirSync(folder).filter((name) => name.endsWith(partialSuffix));
  faults.push(...left.map((name) => `${name}: was left half-written`));
  return { faults, fileCount: names.size + (manifest === undefined ? 0 : 1) };
}

async function contentFault(path: string, name: string): Promise<string | undefined> {
  try {
    if (name.endsWith('.heapsnapshot')) {
      const { valid, fault } = await verifyHeapSnapshot(path);
      return valid ? undefined : (fault ?? 'not whole');
    }
    if (name.endsWith('.ring')) return readTimeline(path).length === 0 ? 'holds no tick' : undefined;
    if (name.endsWith('.gz')) return undefined;
    const text = readFileSync(path, 'utf8');
    if (name.endsWith('.json') || name.endsWith('.heapprofile')) JSON.parse(text);
    if (name.endsWith('.ndjson')) {
      for (const line of text.split('\n')) if (line.trim() !== '') JSON.parse(line);
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function manifestFault(
  folder: string,
  name: string,
  manifest: Manifest | undefined,
): Promise<string | undefined> {
  const entry = manifest?.files.find((candidate) => candidate.name === name);
  const path = join(folder, name);
  const manifestPath = join(folder, manifestFileName);
  try {
    // An incident of an earlier version has none; content is all there is to go by.
    if (manifest === undefined || statSync(path).mtimeMs > statSync(manifestPath).mtimeMs) return undefined;
    if (entry === undefined) return 'is not in the manifest';
    const { size: fileBytes } = statSync(path);
    if (fileBytes !== entry.fileBytes) return `has ${fileBytes} B, ${entry.fileBytes} in the manifest`;
    if (entry.sha256 === null) return undefined;
    const sha256 = await sha256OfFile(path);
    return sha256 === entry.sha256
      ? undefined
      : `has another content than the manifest says (sha256 ${sha256})`;
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
