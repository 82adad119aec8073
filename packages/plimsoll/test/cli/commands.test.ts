import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { variables } from '@plimsoll/memory';
import { mainFile, plimsoll, runToEnd } from './command.ts';
import { plannedMib } from './planned.ts';

const planned = plannedMib(256);
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('without words, the help with every command', () => {
  const { code, out } = runToEnd([plimsoll]);
  expect(code).toBe(0);
  for (const name of ['run', 'flags', 'plan', 'config', 'doctor'])
    expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
});

test.each(['run', 'flags', 'plan', 'config', 'doctor'])(
  '%s --help prints its usage and ends with 0',
  (name) => {
    const { code, out, err } = runToEnd([plimsoll, name, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^Usage: plimsoll ${name} `));
  },
);

test.each([
  [['plna'], "unknown command 'plna'"],
  [['plan', '--limti', '1'], "unknown option '--limti'"],
  [['plan', '--limit', 'big'], "argument 'big' is invalid. Expected a size such as 512MiB"],
  [['plan', '--limit', '64MiB'], 'No heap fits a limit of 64 MiB'],
  [['doctor', '--pid', 'x'], 'Expected a whole number'],
  [['doctor', '--pid', '9999999'], 'no Node.js process'],
])('%j ends with 2 and "%s"', (words, message) => {
  const { code, out, err } = runToEnd([plimsoll, ...words]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(message);
});

test('plan --limit 512MiB prints where every MiB goes, and --json the same numbers', () => {
  const { old } = plannedMib(512, { externalBytes: 50 * 2 ** 20, nodeMajor: 24 });
  const { out } = runToEnd([plimsoll, 'plan', '--limit', '512MiB', '--external', '50MiB', '--node', '24']);
  expect(out).toContain('limit          512.0 MiB  --limit\n');
  expect(out).toContain('external       -50.0 MiB  Buffers and native libraries, as stated\n');
  expect(out).toContain(`flags  --max-old-space-size=${old} --max-semi-space-size=16\n`);
  const json: unknown = JSON.parse(
    runToEnd([plimsoll, 'plan', '--limit', '512MiB', '--external', '50MiB', '--node', '24', '--json']).out,
  );
  expect(json).toMatchObject({
    limitBytes: 512 * 2 ** 20,
    oldSpaceBytes: old * 2 ** 20,
    isApplied: true,
    flags: [`--max-old-space-size=${old}`, '--max-semi-space-size=16'],
  });
});

test('flags are those of the plan and the preload; --heap-only leaves the preload out; PLIMSOLL=off prints none', () => {
  const env = { PLIMSOLL_LIMIT: '256MiB' };
  expect(runToEnd([plimsoll, 'flags', '--heap-only'], { env }).out).toBe(
    `--max-old-space-size=${planned.old} --max-semi-space-size=8\n`,
  );
  expect(runToEnd([plimsoll, 'flags'], { env }).out).toMatch(
    /^--max-old-\S+ --max-semi-\S+ --require=\S+preload\.cjs\n$/,
  );
  expect(runToEnd([plimsoll, 'flags'], { env: { ...env, PLIMSOLL: 'off' } }).out).toBe('\n');
});

test('flags leave the size to a NODE_OPTIONS that has one', () => {
  const env = { PLIMSOLL_LIMIT: '256MiB', NODE_OPTIONS: '--max-old-space-size=100' };
  expect(runToEnd([plimsoll, 'flags', '--heap-only'], { env }).out).toBe('\n');
});

test('a NODE_OPTIONS whose preload does not exist stops the service and not this command', () => {
  const env = { PLIMSOLL_LIMIT: '256MiB', NODE_OPTIONS: '--require=/no/such/file.js' };
  expect(runToEnd([plimsoll, 'flags', '--heap-only'], { env })).toMatchObject({ code: 0 });
  expect(runToEnd([plimsoll, 'run', 'node', '-e', '0'], { env }).code).toBe(1);
});

test('config shows every variable with its value and origin, and all faults at once with exit code 2', () => {
  const env = { PLIMSOLL_LIMIT: '300MB', PLIMSOLL_EXTERNAL: 'much', PLIMSOLL_LIMTI: '1' };
  const { code, out, err } = runToEnd([plimsoll, 'config'], { env });
  expect(code).toBe(2);
  expect(out.trim().split('\n')).toHaveLength(Object.keys(variables).length);
  expect(out).toMatch(/^PLIMSOLL_LIMIT +300000000 +env$/m);
  expect(err.trim().split('\n')).toHaveLength(2);
  const json = JSON.parse(
    runToEnd([plimsoll, 'config', '--json'], { env: { PLIMSOLL_LIMIT: '300MB' } }).out,
  ) as unknown;
  expect(json).toMatchObject({ config: { limitBytes: 3e8 }, origins: { limitBytes: 'env' }, faults: [] });
});

test('doctor: V8’s default in 256 MiB is danger, exit code 4, with the lines to paste', () => {
  const { code, out } = runToEnd([plimsoll, 'doctor', '--limit', '256MiB', '--', 'node', 'server.js'], {
    cwd: folder,
  });
  expect(code).toBe(4);
  expect(out).toMatch(/^danger: this 256 MiB container lets V8 grow to 2(59|62) MiB: expect 137\.$/m);
  expect(out).toContain('  CMD ["node_modules/.bin/plimsoll", "run", "--", "node", "server.js"]\n');
  expect(out).toContain(`  ENV NODE_OPTIONS="--max-old-space-size=${planned.old} --max-semi-space-size=8"\n`);
});

test('doctor: the heap that was planned is good, exit code 0; half of it is advice, exit code 3', () => {
  const judged = (flag: string) =>
    runToEnd([
      plimsoll,
      'doctor',
      '--limit',
      '256MiB',
      '--json',
      '--',
      'node',
      flag,
      '--max-semi-space-size=8',
      'x.js',
    ]);
  expect(judged(`--max-old-space-size=${planned.old}`).code).toBe(0);
  const wasteful = judged('--max-old-space-size=80');
  expect(wasteful.code).toBe(3);
  expect(JSON.parse(wasteful.out)).toMatchObject({
    verdict: 'wasteful',
    heap: {
      heapLimitBytes: 104 * 2 ** 20,
      setBy: '--max-old-space-size=80 (command line) and --max-semi-space-size=8 (command line)',
    },
    plannedOldSpaceBytes: planned.old * 2 ** 20,
  });
});

test('doctor: what its own remedy starts is good, exit code 0, on a command line and in a Dockerfile', () => {
  const words = ['node_modules/.bin/plimsoll', 'run', '--', 'node', 'server.js'];
  const judge = [plimsoll, 'doctor', '--limit', '256MiB'];
  const stated = runToEnd([...judge, '--', ...words]);
  expect(stated.code).toBe(0);
  expect(stated.out).toContain('set by plimsoll run');
  const image = join(folder, 'image');
  mkdirSync(image);
  writeFileSync(join(image, 'Dockerfile'), `FROM node:24\nCMD ${JSON.stringify(words)}\n`);
  expect(runToEnd(judge, { cwd: image }).code).toBe(0);
});

test('doctor: the Dockerfile of the examples fits 512 MiB', () => {
  const cwd = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'docker');
  const { code, out } = runToEnd([plimsoll, 'doctor', '--limit', '512MiB'], { cwd });
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('set by plimsoll run') as string });
});

test('doctor reads the start script and, before it, the Dockerfile of the folder', () => {
  const judge = () =>
    JSON.parse(runToEnd([plimsoll, 'doctor', '--limit', '1GiB', '--json'], { cwd: folder }).out) as {
      service: { foundIn: string; words: string[] };
      heap: { setBy: string };
    };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      scripts: { start: 'NODE_ENV=production node --max-old-space-size=700 dist/server.js' },
    }),
  );
  expect(judge()).toMatchObject({
    service: {
      foundIn: `the start script of ${join(folder, 'package.json')}`,
      words: ['--max-old-space-size=700', 'dist/server.js'],
    },
    heap: { setBy: '--max-old-space-size=700 (command line)' },
  });
  writeFileSync(
    join(folder, 'Dockerfile'),
    'FROM node:24\nENV NODE_OPTIONS="--max-old-space-size=600"\nENTRYPOINT ["tini", "--"]\nCMD ["node", "server.js"]\n',
  );
  expect(judge()).toMatchObject({
    service: { foundIn: join(folder, 'Dockerfile'), words: ['server.js'] },
    heap: { setBy: '--max-old-space-size=600 (NODE_OPTIONS)' },
  });
});

test('the command for systems without a shell answers the same', () => {
  const words = ['plan', '--limit', '512MiB', '--json'];
  expect(runToEnd(['node', mainFile, ...words]).out).toBe(runToEnd([plimsoll, ...words]).out);
});
