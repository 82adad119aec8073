import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyHeapSnapshot } from '@plimsoll/inspect';
import { readTimeline } from '../timeline/timeline-ring.ts';
import { incidentFileName, type IncidentRecord, readIncident } from './incident-record.ts';

/** Whether an incident is whole. */
export interface IncidentVerdict {
  /** A sentence for each thing that is not whole; empty when all is. */
  readonly faults: readonly string[];
  /** Files that were looked at, `incident.json` among them. */
  readonly fileCount: number;
}

/**
 * Looks at every file of the incident in `folder`: that each one named is there, that JSON closes, that the timeline holds ticks, and that the nodes and edges of
 * each heap snapshot are as many as its header says. Never rejects.
 */
export async function verifyIncident(folder: string): Promise<IncidentVerdict> {
  let record: IncidentRecord;
  try {
    record = readIncident(folder);
  } catch (error) {
    return { faults: [messageOf(error)], fileCount: 1 };
  }
  const faults: string[] = [];
  for (const { name } of record.files) {
    const fault = await faultOf(join(folder, name), name);
    if (fault !== undefined) faults.push(`${name}: ${fault}`);
  }
  const names = [...record.files.map(({ name }) => name), incidentFileName];
  return { faults, fileCount: new Set(names).size };
}

async function faultOf(path: string, name: string): Promise<string | undefined> {
  try {
    if (name.endsWith('.heapsnapshot')) {
      const { valid, fault } = await verifyHeapSnapshot(path);
      return valid ? undefined : (fault ?? 'not whole');
    }
    if (name.endsWith('.ring')) return readTimeline(path).length === 0 ? 'holds no tick' : undefined;
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
