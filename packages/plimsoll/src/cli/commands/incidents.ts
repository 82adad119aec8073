import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes, resolveConfig } from '@plimsoll/memory';
import {
  type DeathRecord,
  defaultIncidentDir,
  listIncidents,
  readDeaths,
  readIncident,
  type StoredIncident,
  verifyIncident,
} from '@plimsoll/watchdog';
import type { Command } from 'commander';
import { CommandFailure } from '../failure.ts';
import { userEnvironment } from '../user-environment.ts';
import { parseCount, parseSize } from './option-values.ts';

interface JsonOption {
  readonly json?: boolean;
}

interface PruneOptions extends JsonOption {
  readonly keep?: number;
  readonly maxSize?: number;
  readonly yes?: boolean;
}

/** Exit code of `plimsoll incidents verify` when something is not whole. */
const brokenExitCode = 3;

/** `plimsoll incidents`: what is in the incident folder. */
export function addIncidentsCommand(program: Command): void {
  const incidents = program
    .command('incidents')
    .summary('list, show, verify and prune the incidents on disk; list the deaths')
    .description(
      'What is in the incident folder (PLIMSOLL_INCIDENT_DIR). A name is that of the folder, or its beginning; `last` is the newest.',
    );
  incidents
    .command('list')
    .description('one line an incident, oldest first')
    .option('--json', 'as one JSON array')
    .action((options: JsonOption) => {
      const found = storedIncidents();
      process.stdout.write(options.json === true ? `${JSON.stringify(found, null, 2)}\n` : listText(found));
    });
  incidents
    .command('show')
    .description('what an incident says: its README.txt, or incident.json')
    .argument('[incident]', 'its name, the beginning of it, or last', 'last')
    .option('--json', 'incident.json')
    .action((name: string, options: JsonOption) => {
      const { path } = findIncident(name);
      const record = readIncident(path);
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(record, null, 2)}\n`
          : readFileSync(join(path, 'README.txt'), 'utf8'),
      );
    });
  incidents
    .command('verify')
    .description(
      'count every file against what incident.json says, and every node of its snapshots against their header',
    )
    .argument('[incident]', 'its name, the beginning of it, or last; all without it')
    .option('--json', 'as one JSON array')
    .action(async (name: string | undefined, options: JsonOption) => {
      const chosen = name === undefined ? storedIncidents() : [findIncident(name)];
      const verdicts = [];
      for (const { name: id, path } of chosen) {
        verdicts.push({ name: id, ...(await verifyIncident(path)) });
      }
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(verdicts, null, 2)}\n`
          : verdicts.length === 0
            ? noneText()
            : verdicts
                .map(
                  ({ name: id, faults, fileCount }) =>
                    `${id}: ${faults.join('; ') || `whole, ${fileCount} files`}\n`,
                )
                .join(''),
      );
      if (verdicts.some(({ faults }) => faults.length > 0)) process.exitCode = brokenExitCode;
    });
  incidents
    .command('deaths')
    .description('how former processes ended that could not tell, memory or not, oldest first')
    .option('--json', 'as one JSON array')
    .action((options: JsonOption) => {
      const deaths = readDeaths(runDir());
      process.stdout.write(
        options.json === true ? `${JSON.stringify(deaths, null, 2)}\n` : deathsText(deaths),
      );
    });
  incidents
    .command('prune')
    .description('remove the oldest incidents; without --yes only says which')
    .option('--keep <count>', 'keep this many of the newest', parseCount)
    .option('--max-size <size>', 'keep the newest that fit into this', parseSize)
    .option('--yes', 'remove them')
    .option('--json', 'the removed ones as one JSON array')
    .action((options: PruneOptions) => prune(options));
  for (const command of incidents.commands) command.exitOverride();
}

function incidentDir(): string {
  const { config } = resolveConfig({ env: userEnvironment(), onFault: 'report' });
  return config.incidentDir ?? defaultIncidentDir();
}

function runDir(): string {
  const { config } = resolveConfig({ env: userEnvironment(), onFault: 'report' });
  return config.runDir ?? join(incidentDir(), 'run');
}

function deathsText(deaths: readonly DeathRecord[]): string {
  if (deaths.length === 0) return `No death on record in ${runDir()}.\n`;
  return deaths
    .map(
      ({ atMs, hostName, pid, because }) =>
        `${new Date(atMs).toISOString()}  ${hostName} ${pid}  ${because}\n`,
    )
    .join('');
}

function storedIncidents(): StoredIncident[] {
  const dir = incidentDir();
  // A folder that nothing was written to yet is no fault.
  return existsSync(dir) ? listIncidents(dir) : [];
}

/** @throws CommandFailure when there is none, or the beginning of the name fits several. */
function findIncident(name: string): StoredIncident {
  const stored = storedIncidents();
  const [found, ...others] =
    name === 'last' ? stored.slice(-1) : stored.filter((incident) => incident.name.startsWith(name));
  if (found === undefined) {
    throw new CommandFailure(
      `no incident "${name}" in ${incidentDir()}; plimsoll incidents list shows what there is.`,
    );
  }
  if (others.length > 0)
    throw new CommandFailure(`${others.length + 1} incidents begin with "${name}"; name one of them.`);
  return found;
}

function noneText(): string {
  return `No incidents in ${incidentDir()}.\n`;
}

function listText(stored: readonly StoredIncident[]): string {
  if (stored.length === 0) return noneText();
  return stored
    .map(
      ({ name, path, totalBytes }) =>
        `${name}  ${formatBytes(totalBytes).padStart(9)}  ${sentenceOf(path)}\n`,
    )
    .join('');
}

/** Why it was opened; of one that is broken, that it is. */
function sentenceOf(path: string): string {
  try {
    return readIncident(path).trigger.sentence;
  } catch (error) {
    return `not whole: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function prune({ keep, maxSize, yes, json }: PruneOptions): void {
  if (keep === undefined && maxSize === undefined) {
    throw new CommandFailure('nothing says what may stay; give --keep <count> or --max-size <size>.');
  }
  const newestFirst = storedIncidents().toReversed();
  let keptBytes = 0;
  const going = newestFirst.filter(({ totalBytes }, index) => {
    keptBytes += totalBytes;
    return index >= (keep ?? Number.POSITIVE_INFINITY) || keptBytes > (maxSize ?? Number.POSITIVE_INFINITY);
  });
  if (yes === true) for (const { path } of going) rmSync(path, { recursive: true, force: true });
  if (json === true) {
    process.stdout.write(`${JSON.stringify(going, null, 2)}\n`);
    return;
  }
  const verb = yes === true ? 'removed' : 'would remove';
  const lines = going
    .toReversed()
    .map(({ name, totalBytes }) => `${verb} ${name}  ${formatBytes(totalBytes)}\n`);
  const rest = yes === true || going.length === 0 ? '' : '--yes removes them.\n';
  process.stdout.write(going.length === 0 ? 'Nothing to remove.\n' : `${lines.join('')}${rest}`);
}
