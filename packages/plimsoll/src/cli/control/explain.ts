import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ExplainAnswer, JournalLine, SampleAnswer } from './answers.ts';
import {
  chooseProcess,
  ControlConnection,
  controlExitCodes,
  ControlFailure,
  type GuardedProcess,
  livingProcesses,
  requireRoom,
} from './client.ts';
import type { ControlWords } from './command-line.ts';
import { inOriginalTerms } from './original.ts';
import { explainIncident, explainProcess, type StoredIncident } from './explain-text.ts';

interface Folders {
  readonly incidentDir: string;
  readonly runDir: string;
}

/** The name of an incident folder: `<utc>-<host>-<pid>-<boot id>-<trigger>`. */
const incidentForm = /^\d{8}T\d{6}Z-.+-(\d+)-[0-9a-f]{8}-[a-z-]+$/;

/** `plimsoll explain`: of a running process through its channel, of an incident from its folder. */
export async function explain(folders: Folders, { name, values }: ControlWords): Promise<void> {
  const isJson = values['json'] === true;
  const folder = findIncident(folders.incidentDir, name);
  if (folder !== undefined) {
    await writeIncident(folder, isJson, values['source-maps']);
    return;
  }
  const living = await livingProcesses(folders.runDir);
  const isThere = living.some(({ pid }) => name === undefined || name === String(pid));
  const fallback = isThere ? undefined : incidentOf(folders.incidentDir, name);
  if (fallback === undefined) {
    await writeProcess(await chooseProcess(folders.runDir, name), isJson);
    return;
  }
  process.stderr.write(
    `plimsoll: no process ${name === undefined ? '' : `${name} `}answers in ${folders.runDir}; this is its newest incident on disk.\n`,
  );
  await writeIncident(fallback, isJson, values['source-maps']);
}

async function writeProcess(found: GuardedProcess, isJson: boolean): Promise<void> {
  const connection = await ControlConnection.open(found);
  try {
    const sample = await connection.request<SampleAnswer>('sample');
    requireRoom(found.pid, sample.sample.headroomBytes, found.runPath);
    const account = await connection.request<ExplainAnswer>('explain');
    const { entries } = await connection.request<{ entries: readonly JournalLine[] }>('journal', {
      count: 200,
    });
    process.stdout.write(
      isJson
        ? `${JSON.stringify({ sample, ...account, journal: entries }, null, 2)}\n`
        : explainProcess(sample, account, entries),
    );
  } finally {
    connection[Symbol.dispose]();
  }
}

async function writeIncident(
  folder: string,
  isJson: boolean,
  sourceMaps: string | boolean | undefined,
): Promise<void> {
  const stored = readStored(folder);
  const { autopsy, sites } = stored.record;
  const said = await inOriginalTerms(
    { sentence: autopsy?.sentence ?? '', findings: autopsy?.findings ?? [], sites },
    sourceMaps,
  );
  const incident = {
    ...stored,
    record: {
      ...stored.record,
      sites: said.sites,
      ...(autopsy === undefined
        ? {}
        : { autopsy: { ...autopsy, sentence: said.sentence, findings: said.findings } }),
    },
  };
  process.stdout.write(
    isJson ? `${JSON.stringify({ folder, ...incident }, null, 2)}\n` : explainIncident(folder, incident),
  );
}

/** @throws ControlFailure when the folder is no incident. */
function readStored(folder: string): StoredIncident {
  try {
    const record = JSON.parse(
      readFileSync(join(folder, 'incident.json'), 'utf8'),
    ) as StoredIncident['record'];
    const path = join(folder, 'journal.ndjson');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    const journal = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JournalLine);
    return { record, journal };
  } catch (error) {
    throw new ControlFailure(
      `${folder} is no incident: ${error instanceof Error ? error.message : String(error)}`,
      controlExitCodes.unreachable,
    );
  }
}

/** The folder that `name` is, as a path or as a name in the incident folder. */
function findIncident(incidentDir: string, name: string | undefined): string | undefined {
  if (name === undefined || /^\d+$/.test(name)) return undefined;
  if (name === 'last') return incidentOf(incidentDir, undefined);
  return [resolve(name), join(incidentDir, name)].find((path) => existsSync(join(path, 'incident.json')));
}

/** The newest incident, of one pid when `name` is given. */
function incidentOf(incidentDir: string, name: string | undefined): string | undefined {
  if (!existsSync(incidentDir)) return undefined;
  const newest = readdirSync(incidentDir)
    .filter((entry) => {
      const pid = incidentForm.exec(basename(entry))?.[1];
      return pid !== undefined && (name === undefined || name === pid);
    })
    .toSorted()
    .at(-1);
  return newest === undefined ? undefined : join(incidentDir, newest);
}
