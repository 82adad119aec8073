import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { journal } from '@plimsoll/memory';
import { causeOf, type CauseEvidence, findingsOf } from '../incident/incident-cause.ts';
import type { IncidentFolder } from '../incident/incident-folder.ts';
import { incidentReadme } from '../incident/incident-readme.ts';
import {
  type IncidentFile,
  incidentFileName,
  type IncidentRecord,
  incidentSchemaVersion,
  readIncident,
} from '../incident/incident-record.ts';
import { renewManifest } from '../incident/manifest.ts';
import type { DeadRun } from '../run/run-folder.ts';
import { timelineCsv } from '../timeline/timeline-csv.ts';
import { readTimeline } from '../timeline/timeline-ring.ts';
import type { DeathTerms } from './dead-runs.ts';
import type { DeathVerdict } from './death-verdict.ts';

/** An incident written this long before the end, or less, is the evidence of that end. */
const freshMs = 600_000;

/**
 * Adds the end to the incident its process had opened: the timeline to the last tick, and how it ended. False when the incident is older than the end by so much that it
 * tells of something else.
 * @throws when the incident cannot be read or written; what was whole stays whole.
 */
export function completeIncident(
  folder: string,
  { timelinePath }: DeadRun,
  { last, deepestLevel, requests }: DeathVerdict,
  sentence: string,
): boolean {
  const record = readIncident(folder);
  if (last.atMs - record.updatedAtMs > freshMs) return false;
  const files = new Map(record.files.map((file) => [file.name, file]));
  try {
    const text = timelineCsv(readTimeline(timelinePath));
    replace(folder, 'timeline.csv', text);
    files.set('timeline.csv', fileOf('timeline.csv', text, 'memory tick by tick, to the last one'));
  } catch {
    // A ring that cannot be read: the timeline the process itself has written stays.
    journal().write('guard', 'timeline-not-completed', { incident: folder });
  }
  const ended: IncidentRecord = {
    ...record,
    ...(requests === undefined ? {} : { requests }),
    deepestLevel: record.deepestLevel === 'normal' ? deepestLevel : record.deepestLevel,
    // What the process said of its end itself is worth more.
    ending: record.ending ?? { atMs: last.atMs, sentence, exitCode: null },
    files: [...files.values()],
  };
  replace(folder, 'README.txt', incidentReadme(ended));
  replace(folder, incidentFileName, `${JSON.stringify(ended, null, 2)}\n`);
  renewManifest(folder, ['timeline.csv', 'timeline.ring', 'README.txt', incidentFileName]);
  return true;
}

/**
 * Files a death that nothing was filed for while its process lived: the timeline to the last tick, and what grew. Undefined when another such death was filed less than
 * a cooldown ago.
 * @throws what the file system throws; nothing is left then.
 */
export function fileDeath(
  run: DeadRun,
  verdict: DeathVerdict,
  sentence: string,
  terms: DeathTerms,
): string | undefined {
  const { store, self, cooldownMs } = terms;
  const { pid, bootId } = run.status.identity;
  const isRepeated = store
    .list(self.hostName)
    .some(
      ({ parts }) => parts.trigger === 'death' && Math.abs(verdict.last.atMs - parts.openedAtMs) < cooldownMs,
    );
  if (isRepeated) {
    journal().write('guard', 'death-repeated', { pid, bootId, cooldownMs });
    return undefined;
  }
  const openedAtMs = verdict.last.atMs;
  const folder = store.open({ hostName: self.hostName, pid, bootId, openedAtMs, trigger: 'death' });
  try {
    fill(folder, run, recordOf(folder.name, run, verdict, sentence, terms));
    return folder.path;
  } catch (error) {
    folder.discard();
    throw error;
  }
}

function fill(folder: IncidentFolder, { timelinePath }: DeadRun, record: IncidentRecord): void {
  try {
    const text = timelineCsv(readTimeline(timelinePath));
    folder.write('timeline.csv', 'memory tick by tick, to the last one', text);
    folder.link(timelinePath, 'timeline.ring', 'the same, binary');
  } catch {
    // No ring, no hard links, another device: the last numbers known are in the record.
    journal().write('guard', 'timeline-not-completed', { incident: folder.name });
  }
  folder.write('README.txt', 'this overview', incidentReadme({ ...record, files: folder.files }));
  const whole = JSON.stringify({ ...record, files: folder.files }, null, 2);
  folder.write(incidentFileName, 'this incident for programs', `${whole}\n`);
  folder.writeManifest();
  folder.publish();
}

function recordOf(
  id: string,
  { status }: DeadRun,
  { last, deepestLevel, requests }: DeathVerdict,
  sentence: string,
  { process: self, limit }: DeathTerms,
): IncidentRecord {
  const { pid, bootId, hostName, startedAtMs } = status.identity;
  const { level: _level, ...lastNumbers } = last;
  const lastSample = { ...status.sample, ...lastNumbers };
  const limitNow = {
    limitBytes: last.limitBytes,
    source: limit.source,
    origin: limit.origin,
    heapLimitBytes: last.heapLimitBytes,
  };
  const evidence: CauseEvidence = {
    latest: lastSample,
    limit: limitNow,
    sites: [],
    sitesOf: 'heap',
    ...(requests === undefined ? {} : { requests }),
  };
  return {
    schemaVersion: incidentSchemaVersion,
    id,
    trigger: { name: 'death', sentence, atMs: last.atMs },
    cause: causeOf(evidence),
    findings: findingsOf(evidence),
    updatedAtMs: Date.now(),
    process: { ...self, pid, bootId, hostName, startedAtMs },
    deepestLevel,
    atTrigger: lastSample,
    trend: status.trend,
    ...evidence,
    holders: [],
    captures: [],
    refusals: [],
    files: [],
  };
}

/** Replaces one file of an incident of a dead process, whole or not at all. */
function replace(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  writeFileSync(`${path}.partial`, text, { mode: 0o600 });
  renameSync(`${path}.partial`, path);
}

function fileOf(name: string, text: string, content: string): IncidentFile {
  return { name, fileBytes: Buffer.byteLength(text), content };
}
