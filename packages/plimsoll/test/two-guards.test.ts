import { cpSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { plimsoll } from './cli/command.ts';
import { autoPath, temporaryFolder } from './service.ts';

const packages = join(import.meta.dirname, '..', '..');

/** A service in a folder of its own with a second copy of the packages in its `node_modules`. */
function serviceWithCopies(): string {
  const folder = temporaryFolder();
  const scope = join(folder, 'node_modules', '@plimsoll');
  mkdirSync(scope, { recursive: true });
  for (const name of ['memory', 'inspect', 'watchdog']) {
    for (const part of ['package.json', 'dist'])
      cpSync(join(packages, name, part), join(scope, name, part), { recursive: true });
  }
  const tslib = realpathSync(join(packages, 'watchdog', 'node_modules', 'tslib'));
  symlinkSync(tslib, join(folder, 'node_modules', 'tslib'));
  writeFileSync(
    join(folder, 'service.mjs'),
    `import { createServer } from 'node:http';
     import { readdirSync } from 'node:fs';
     import { join } from 'node:path';
     import { journal } from '@plimsoll/memory';
     import { start } from '@plimsoll/watchdog';
     const guards = [start({ incidentDir: 'elsewhere' }), start()];
     const server = createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1', async () => {
       const outcomes = guards.map((guard) => guard.capture('asked twice'));
       guards[0].stop();
       const dir = process.env.PLIMSOLL_INCIDENT_DIR;
       console.log(JSON.stringify({
         active: guards.map(({ active }) => active),
         folders: outcomes.map(({ folder }) => folder ?? null),
         runs: readdirSync(join(dir, 'run')).filter((name) => name.includes('-' + process.pid + '-')).length,
         again: journal().entries().filter(({ event }) => event === 'started-again').length,
         copy: import.meta.resolve('@plimsoll/watchdog'),
       }));
       server.close();
     });`,
  );
  return folder;
}

interface Told {
  readonly active: readonly boolean[];
  readonly folders: readonly (string | null)[];
  readonly runs: number;
  readonly again: number;
  readonly copy: string;
}

const preload = `--import=${pathToFileURL(autoPath).href}`;

for (const [way, words] of [
  ['--import plimsoll/auto', [process.execPath, preload, 'service.mjs']],
  ['plimsoll run', [plimsoll, 'run', '--', 'node', 'service.mjs']],
  ['plimsoll run with --import beside it', [plimsoll, 'run', '--', 'node', preload, 'service.mjs']],
] as const) {
  test(`${way}, and two starts of a second copy of the packages in the service: one guard, one line, one run, one incident`, () => {
    const folder = serviceWithCopies();
    const incidentDir = join(folder, 'incidents');
    const [command, ...rest] = words;
    const { status, stdout, stderr } = spawnSync(command, rest, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH: process.env['PATH'], PLIMSOLL_INCIDENT_DIR: incidentDir, PLIMSOLL_SNAPSHOT: 'off' },
    });
    expect([status, stderr.match(/"plimsoll":"armed"/g)?.length]).toEqual([0, 1]);
    const told = JSON.parse(stdout) as Told;
    expect(told.copy).toContain(pathToFileURL(folder).href);
    expect([told.active, told.runs, told.again]).toEqual([[false, true], 1, 2]);
    const incidents = readdirSync(incidentDir).filter((name) => name !== 'run');
    expect(incidents).toHaveLength(1);
    expect(told.folders).toEqual([
      join(incidentDir, incidents[0] ?? ''),
      join(incidentDir, incidents[0] ?? ''),
    ]);
    // A clean end: nothing is left of the run, and no folder was made for the options that came too late.
    expect(readdirSync(join(incidentDir, 'run')).filter((name) => name !== 'captures')).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['incidents', 'node_modules', 'service.mjs']);
  });
}
