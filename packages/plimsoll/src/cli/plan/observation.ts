import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { PlimsollConfig } from '@plimsoll/memory';
import { defaultIncidentDir, readIncident, readTimeline, type RunStatus } from '@plimsoll/watchdog';
import { CommandFailure } from '../failure.ts';

/** What one tick said about memory, as far as a plan needs it. */
export interface ObservedTick {
  readonly atMs: number;
  readonly limitBytes: number;
  readonly workingSetBytes: number;
  readonly heapCommittedBytes: number;
  readonly externalBytes: number;
  readonly otherNativeBytes: number;
  readonly otherProcessesBytes: number;
}

/** What was measured of one or more lives of a service. */
export interface Observation {
  /** In words: `process 12`, `incident 2026-…`, `3 processes and 2 incidents of /var/incidents`. */
  readonly of: string;
  readonly ticks: readonly ObservedTick[];
  /** The most that registered workers had committed. */
  readonly workerHeapBytes: number;
  /** False where what is beside the process is the whole machine. */
  readonly isContainer: boolean;
}

const fields = [
  'limitBytes',
  'workingSetBytes',
  'heapCommittedBytes',
  'externalBytes',
  'otherNativeBytes',
  'otherProcessesBytes',
] as const;

/**
 * What was measured of `subject`: a process id, an incident folder (or its name), or `history` for everything the incident folder knows.
 * @throws CommandFailure when nothing was measured there.
 */
export function observe(
  subject: string,
  config: Pick<PlimsollConfig, 'incidentDir' | 'runDir'>,
): Observation {
  const incidentDir = config.incidentDir ?? defaultIncidentDir();
  const runDir = config.runDir ?? join(incidentDir, 'run');
  if (/^\d+$/.test(subject)) {
    const runs = runFolders(runDir).filter((folder) => readStatus(folder)?.identity.pid === Number(subject));
    const found = observedRuns(runs);
    if (found.length > 0) return merged(`process ${subject}`, found);
    throw new CommandFailure(
      `nothing was measured of process ${subject} in ${runDir}: start it with plimsoll run, and give this command the same PLIMSOLL_INCIDENT_DIR.`,
    );
  }
  if (subject !== 'history') {
    const folder = [subject, join(incidentDir, subject)].find((path) =>
      existsSync(join(path, 'incident.json')),
    );
    if (folder === undefined)
      throw new CommandFailure(`${subject} is no process id, no incident folder and not history.`);
    return merged(`incident ${readIncident(folder).id}`, [observedIncident(folder)]);
  }
  const runs = observedRuns(runFolders(runDir));
  const incidents = subFolders(incidentDir)
    .filter((path) => existsSync(join(path, 'incident.json')))
    .map(observedIncident);
  if (runs.length + incidents.length > 0) {
    return merged(`${runs.length} processes and ${incidents.length} incidents of ${incidentDir}`, [
      ...runs,
      ...incidents,
    ]);
  }
  throw new CommandFailure(
    `${incidentDir} knows of no process and no incident: name another one in PLIMSOLL_INCIDENT_DIR.`,
  );
}

type Observed = Omit<Observation, 'of'>;

function merged(of: string, all: readonly Observed[]): Observation {
  return {
    of,
    ticks: all.flatMap(({ ticks }) => ticks),
    workerHeapBytes: Math.max(0, ...all.map(({ workerHeapBytes }) => workerHeapBytes)),
    isContainer: all.every(({ isContainer }) => isContainer),
  };
}

function observedRuns(folders: readonly string[]): Observed[] {
  return folders.flatMap((folder) => {
    const status = readStatus(folder);
    const path = join(folder, 'timeline.ring');
    if (status === undefined || !existsSync(path)) return [];
    return [observed(readTimeline(path), [status.sample])];
  });
}

function observedIncident(folder: string): Observed {
  const { atTrigger, latest } = readIncident(folder);
  const path = join(folder, 'timeline.csv');
  return observed(existsSync(path) ? ticksOfCsv(readFileSync(path, 'utf8')) : [], [atTrigger, latest]);
}

function observed(ticks: readonly ObservedTick[], samples: readonly RunStatus['sample'][]): Observed {
  const all = [...ticks, ...samples];
  return {
    ticks: all,
    workerHeapBytes: Math.max(0, ...samples.map(({ workerHeapBytes }) => workerHeapBytes)),
    isContainer: all.every(
      ({ limitBytes, workingSetBytes }) => limitBytes < totalmem() * 0.9 && workingSetBytes <= limitBytes,
    ),
  };
}

/** The lines of a timeline.csv, whatever the order of its columns. */
function ticksOfCsv(text: string): ObservedTick[] {
  const [header = '', ...lines] = text.trim().split('\n');
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    const numbers = fields.map((name) => [name, Number(cells[columns.indexOf(name)])] as const);
    const atMs = Date.parse(cells[columns.indexOf('time')] ?? '');
    return { atMs, ...(Object.fromEntries(numbers) as Record<(typeof fields)[number], number>) };
  });
}

function readStatus(folder: string): RunStatus | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'status.json'), 'utf8')) as RunStatus;
  } catch {
    // Half-written, or of a process that has ended since.
    return undefined;
  }
}

function runFolders(runDir: string): string[] {
  return subFolders(runDir).filter((folder) => existsSync(join(folder, 'status.json')));
}

function subFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(folder, name));
  } catch {
    // Not there: nothing was measured.
    return [];
  }
}
