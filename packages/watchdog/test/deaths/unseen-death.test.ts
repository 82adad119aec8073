import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDeaths } from '../../src/deaths/death-log.ts';
import { readEndMark } from '../../src/deaths/end-mark.ts';
import { readIncident } from '../../src/index.ts';
import { startGuarded } from '../control/guarded-child.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'blocked.mjs');

interface Line {
  readonly plimsoll: string;
  readonly message: string;
  readonly incident?: string | null;
}

/** One life in 256 MiB by statement, with 64 MiB of old space, to its death by V8. */
function life(incidentDir: string, env: NodeJS.ProcessEnv = {}) {
  const { signal, status, stderr } = spawnSync(
    process.execPath,
    ['--max-old-space-size=64', program, incidentDir],
    {
      encoding: 'utf8',
      timeout: 90_000,
      env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '256MiB', A_SECRET: 'environment-secret', ...env },
    },
  );
  const lines = stderr.split('\n').filter((line) => line.startsWith('{"plimsoll"'));
  return { ending: signal ?? status, lines: lines.map((line) => JSON.parse(line) as Line) };
}

test('a loop that no tick saw is filed as a death by V8 at the next start, and the sentinel of that life names the variable in 256 MiB', () => {
  const incidentDir = temporaryFolder();
  const first = life(incidentDir);
  expect([first.ending, first.lines.map(({ plimsoll }) => plimsoll)]).toEqual(['SIGABRT', ['armed']]);

  const second = life(incidentDir);
  const death = second.lines.find(({ plimsoll }) => plimsoll === 'found-death');
  expect(death?.message).toMatch(
    /: memory: V8 ended it by a fatal error \d+\.\d s later, as it does at its heap limit; no tick came in between\. .*Evidence: /,
  );
  const record = readIncident(death?.incident ?? '');
  expect(record.trigger.name).toBe('death');
  expect(record.cause).toMatch(/^Unknown/);
  expect(record.files.map(({ name }) => name)).toContain('timeline.csv');
  expect(readDeaths(join(incidentDir, 'run'))).toMatchObject([{ isMemory: true, isUnseen: true }]);
  const named = second.lines.find(({ plimsoll }) => plimsoll === 'death');
  expect(named?.message).toContain('`edges`');
  const files = readdirSync(incidentDir, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
  expect(texts.filter((text) => text.includes('environment-secret'))).toEqual([]);
}, 200_000);

test('a kill by hand leaves no such mark: not memory', async () => {
  const incidentDir = temporaryFolder();
  const child = startGuarded(incidentDir, [], { PLIMSOLL_LIMIT: '1GiB', PLIMSOLL_SENTINEL: 'never' });
  await child.hasStarted;
  const [run = ''] = readdirSync(join(incidentDir, 'run')).filter((name) =>
    name.includes(String(child.process.pid)),
  );
  const runPath = join(incidentDir, 'run', run);
  expect(lstatSync(join(runPath, '.v8-end')).isSymbolicLink()).toBe(true);
  child.process.kill('SIGKILL');
  await once(child.process, 'close');
  expect(readEndMark(runPath, Date.now() - 60_000)).toBe(undefined);
});

/** Runs `code` in a guarded service, half a second after its start. */
function inService(code: string, flags: readonly string[] = []): { stdout: string; cwd: string } {
  const cwd = temporaryFolder();
  const script = `import { start } from ${JSON.stringify(import.meta.resolve('@plimsoll/watchdog'))};
    start({ incidentDir: ${JSON.stringify(join(cwd, 'incidents'))}, log: 'off' });
    setTimeout(() => { ${code} }, 500);`;
  writeFileSync(join(cwd, 'service.mjs'), script);
  return {
    cwd,
    stdout: spawnSync(process.execPath, [...flags, 'service.mjs'], { encoding: 'utf8', cwd }).stdout,
  };
}

test('who has set up Node’s reports keeps them as they are', () => {
  const told =
    'const { directory, filename, reportOnFatalError } = process.report; console.log(JSON.stringify({ directory, filename, reportOnFatalError }));';
  const { stdout } = inService(told, ['--report-directory=/tmp/own', '--report-on-fatalerror']);
  expect(JSON.parse(stdout)).toEqual({ directory: '/tmp/own', filename: '', reportOnFatalError: true });
});

test('a report the service writes itself goes where Node puts it', () => {
  const { stdout, cwd } = inService(
    'console.log(process.report.writeReport()); console.log(process.report.writeReport("own.json"));',
  );
  const [unnamed = '', named] = stdout.trim().split('\n');
  expect(unnamed).toMatch(/^report\.\d+\..*\.json$/);
  expect(named).toBe('own.json');
  for (const name of [unnamed, 'own.json'])
    expect(JSON.parse(readFileSync(join(cwd, name), 'utf8'))).toHaveProperty('header');
});
