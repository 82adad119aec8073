import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listIncidents, readDeaths, readIncident } from '../../src/index.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const program = join(import.meta.dirname, 'programs', 'ends-in-order.mjs');

/** The program with 160 MiB for itself. */
function startProgram(incidentDir: string, words: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [program, incidentDir, ...words], {
    env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: '160MiB', ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const answer = once(child.stdout, 'data').then(async () => {
    const port = /^port (\d+)$/.exec(said.shift() ?? '')?.[1];
    return (await fetch(`http://127.0.0.1:${port}/`)).text();
  });
  // Where the process is ended by force nobody asks for it.
  answer.catch(() => undefined);
  return { child, said, ended, answer, stderr: () => stderr };
}

const ordered = { PLIMSOLL_END: 'ordered', PLIMSOLL_END_DEADLINE: '2s' };

test('at the end the request in flight is answered, the server stops, hooks run last one first past the one that throws, and the code is 75', async () => {
  const incidentDir = temporaryFolder();
  // The deadline is not met here, however busy the machine is.
  const { said, ended, answer } = startProgram(incidentDir, [], {
    ...ordered,
    PLIMSOLL_END_DEADLINE: '30s',
  });
  expect(await ended).toEqual([75, null]);
  expect(await answer).toBe('answered');
  expect(said).toEqual([
    'ending 30000 true',
    'request done, listening false',
    'queue',
    'database true',
    'exit 75',
  ]);
  const [incident] = listIncidents(incidentDir);
  const { ending } = readIncident(incident?.path ?? '');
  expect(ending).toMatchObject({ exitCode: 75, sentence: expect.stringContaining('ends in order') });
  expect(readdirSync(join(incidentDir, 'run'))).toEqual(['deaths.ndjson']);
  expect(readDeaths(join(incidentDir, 'run'))).toMatchObject([
    { isMemory: true, because: 'memory: ended in order with exit code 75', incident: incident?.path },
  ]);
});

test('a hook that never ends holds the end up for the deadline of 2 s, no longer', async () => {
  const { said, ended } = startProgram(temporaryFolder(), ['stalls'], { ...ordered, PLIMSOLL_END_CODE: '3' });
  expect(await ended).toEqual([3, null]);
  expect(said.slice(-2)).toEqual(['stalls', 'exit 3']);
});

test('SIGTERM in the middle of an ending ends the process as it would have', async () => {
  const { child, said, ended } = startProgram(temporaryFolder(), ['stalls'], {
    ...ordered,
    PLIMSOLL_END_DEADLINE: '1min',
  });
  while (!said.includes('stalls')) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);
});

test('dry-run: one line says what incident would be opened and that the process would be ended; nothing is filed, nothing ends', async () => {
  const incidentDir = temporaryFolder();
  const { child, said, ended, stderr } = startProgram(incidentDir, [], { ...ordered, PLIMSOLL: 'dry-run' });
  while (!stderr().includes('would be ended')) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await ended;
  const lines = stderr()
    .split('\n')
    .filter((line) => line.includes('"dry-run"'));
  expect(lines.map((line) => /An incident would be opened|would be ended in order/.exec(line)?.[0])).toEqual([
    'An incident would be opened',
    'would be ended in order',
  ]);
  expect(said).toEqual([]);
  expect(existsSync(incidentDir) && readdirSync(incidentDir)).toEqual(['run']);
});
