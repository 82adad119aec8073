import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cleanEnvironment, mainFile, plimsoll, runToEnd } from './command.ts';
import { skipUnless } from './skip.ts';
import { plannedMib } from './planned.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = [plimsoll, 'run', '--limit', '256MiB', '--'] as const;
const hasRun = Number.parseInt(process.versions.node, 10) >= 22;
if (!hasRun)
  process.stderr.write(`SKIPPED 1 test: node --run: Node.js ${process.versions.node} has no --run\n`);
const planned = plannedMib(256);
const heapLimit = 'console.log(v8.getHeapStatistics().heap_size_limit / 2 ** 20)';

/** Everything a program can see of how it was started, except the heap. */
const probe = join(folder, 'probe.cjs');
writeFileSync(
  probe,
  `const fs = require('node:fs');
   const isOpen = (fd) => { try { fs.fstatSync(fd); return true; } catch { return false; } };
   console.log(JSON.stringify({
     argv: process.argv.slice(1), argv0: process.argv0, execPath: process.execPath, execArgv: process.execArgv, cwd: process.cwd(),
     env: process.env, title: process.title, umask: process.umask(), isMain: require.main === module,
     descriptor3: isOpen(3) && fs.readFileSync(3, 'utf8'), stdin: fs.readFileSync(0, 'utf8'), parent: process.ppid, warnings: process.listenerCount('warning'),
   }));`,
);

/** Runs `words` with a descriptor 3 and stdin, and returns what the probe printed. */
async function probed(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const [file = '', ...rest] = words;
  const child = spawn(file, rest, {
    cwd: folder,
    env: cleanEnvironment(env),
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  child.stdin?.end('from stdin');
  (child.stdio[3] as Writable).end('from 3');
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(text) as Record<string, unknown>;
}

test('a limit of 256 MiB starts node with the heap limit of the plan: old space and 3 × 8 MiB', () => {
  expect(planned.heapLimit).toBe(planned.old + 3 * 8);
  expect(runToEnd([...run, 'node', '-e', heapLimit])).toMatchObject({
    code: 0,
    out: `${planned.heapLimit}\n`,
    err: '',
  });
});

test('a program sees its arguments, environment, descriptors, folder and parent as without us, in 13 facts', async () => {
  const env = {
    'my.setting': 'a b',
    'x-y': 'line 1\nline 2\n',
    '1st': '$HOME `id` "quoted"',
    NORMAL: 'ü\n',
    NODE_OPTIONS: '--no-deprecation',
  };
  const words = ['node', '--title=service', probe, '--limit', 'a b', '', '$HOME'];
  const bare = await probed(words, env);
  const ran = await probed([...run, ...words], env);
  expect(Object.keys(bare)).toHaveLength(13);
  expect(ran).toEqual({ ...bare, env: { ...(bare['env'] as object), PLIMSOLL_LIMIT: '256MiB' } });
  expect(ran).toMatchObject({ descriptor3: 'from 3', stdin: 'from stdin', execArgv: ['--title=service'] });
});

skipUnless('bash', ['--version'])('where sh is bash, the environment is passed on as by dash', async () => {
  const env = { 'my.setting': 'a\nb', 'x-y': '1', SHLVL: '4', NODE_OPTIONS: '--no-deprecation' };
  const words = ['node', probe, 'a b'];
  const bare = await probed(words, env);
  const ran = await probed(['bash', ...run, ...words], env);
  expect(ran).toEqual({ ...bare, env: { ...(bare['env'] as object), PLIMSOLL_LIMIT: '256MiB' } });
});

test('one process is left: the service has the PID of the command, and dies of the signal sent to it', async () => {
  const [file, ...rest] = [...run, 'node', '-e', 'console.log(process.pid); setInterval(() => {}, 1000)'];
  const child = spawn(file, rest, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  expect(Number(chunk.toString())).toBe(child.pid);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
});

test.each([
  ['process.exit(7)', 7, null],
  [
    'process.on("SIGTERM", () => process.exit(3)); process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
    3,
    null,
  ],
  ['process.abort()', null, 'SIGABRT'],
  ['process.kill(process.pid, "SIGKILL")', null, 'SIGKILL'],
])('%s ends as without us: code %s, signal %s', (program, code, signal) => {
  expect(runToEnd(['node', '-e', program])).toMatchObject({ code, signal });
  expect(runToEnd([...run, 'node', '-e', program])).toMatchObject({ code, signal });
});

test('the IPC channel of fork passes messages both ways', async () => {
  const file = join(folder, 'echo.cjs');
  writeFileSync(file, 'process.on("message", (m) => { process.send({ echo: m }); process.disconnect(); });');
  const child = fork(file, [], {
    execPath: plimsoll,
    execArgv: [...run.slice(1), 'node'],
    env: cleanEnvironment(),
  });
  child.send({ value: 42 });
  expect((await once(child, 'message'))[0]).toEqual({ echo: { value: 42 } });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

skipUnless('script', ['--version'])('on a terminal stdin, stdout and stderr are terminals', () => {
  const file = join(folder, 'tty.cjs');
  writeFileSync(file, 'console.log([0, 1, 2].map((fd) => require("node:tty").isatty(fd)).join())');
  const line = [...run, 'node', file].map((word) => `'${word}'`).join(' ');
  expect(runToEnd(['script', '-qec', line, '/dev/null']).out).toContain('true,true,true');
});

skipUnless('unshare', ['--pid', '--fork', '--mount-proc', 'true'])(
  'as PID 1 the service is PID 1 and its exit code is that of the container',
  () => {
    const isolate = ['unshare', '--pid', '--fork', '--mount-proc'];
    const program = 'console.log(process.pid, process.ppid); process.exitCode = 5';
    expect(runToEnd([...isolate, ...run, 'node', '-e', program])).toMatchObject({ code: 5, out: '1 0\n' });
  },
);

test('a child that the service forks or spawns gets neither its heap size nor its preload', () => {
  const file = join(folder, 'parent.cjs');
  writeFileSync(
    file,
    `const { fork, execFileSync } = require('node:child_process');
     const facts = 'JSON.stringify([process.execArgv.length, process.env.NODE_OPTIONS, v8.getHeapStatistics().heap_size_limit / 2 ** 20])';
     console.log(process.argv[2] ?? 'service', eval(facts.replace('v8', 'require("node:v8")')));
     if (process.argv[2] === undefined) {
       console.log('spawned', execFileSync('node', ['-p', facts], { encoding: 'utf8' }).trim());
       fork(__filename, ['forked']);
     }`,
  );
  const standard = runToEnd(['node', '-e', heapLimit]).out.trim();
  for (const words of [
    ['node', file],
    ['sh', '-c', `node ${file}`],
  ]) {
    const { out } = runToEnd([...run, ...words]);
    expect(out).toBe(
      `service [0,null,${planned.heapLimit}]\nspawned [2,null,${standard}]\nforked [0,null,${standard}]\n`,
    );
  }
});

test.each<[name: string, words: string[]]>([
  ['a shell', ['sh', '-c', `exec node -e '${heapLimit}'`]],
  ['env', ['env', 'A=1', 'node', '-e', heapLimit]],
  ['timeout', ['timeout', '10', 'node', '-e', heapLimit]],
  ...(hasRun ? [['node --run', ['node', '--run', 'limit']]] : []),
  ['npm', ['npm', 'run', '--silent', 'limit']],
])('through %s the service gets a heap of its own', (name, words) => {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ scripts: { limit: `node -e "${heapLimit}"` } }),
  );
  const { out } = runToEnd([...run, ...words], { cwd: folder });
  // A package manager stays in memory beside the service: npm takes 20 MiB of the limit.
  const expected = name === 'npm' ? plannedMib(256, { besideBytes: 20 * 2 ** 20 }) : planned;
  expect(out).toBe(`${expected.heapLimit}\n`);
});

test('a shebang script that starts node is started with the flags in NODE_OPTIONS', () => {
  const file = join(folder, 'service');
  writeFileSync(file, `#!/usr/bin/env node\n${heapLimit.replace('v8.', 'require("v8").')}`, { mode: 0o755 });
  expect(runToEnd([...run, file])).toMatchObject({ code: 0, out: `${planned.heapLimit}\n` });
});

test('a launcher written in JavaScript passes the size and the preload on to the service', () => {
  const bin = join(folder, 'node_modules', 'nodemon', 'bin');
  mkdirSync(bin, { recursive: true });
  const file = join(bin, 'nodemon.js');
  writeFileSync(
    file,
    `require('child_process').spawn('node', ['-e', ${JSON.stringify(heapLimit)}], { stdio: 'inherit' })`,
  );
  expect(runToEnd([...run, 'node', file])).toMatchObject({ code: 0, out: `${planned.heapLimit}\n` });
});

test.each([
  [['--max-old-space-size=300'], '', 'command line'],
  [['--max_old_space_size=300'], '', 'command line'],
  [[], '--max-old-space-size=300', 'NODE_OPTIONS'],
])('a heap flag of the user wins: node %j, NODE_OPTIONS "%s"', (flags, nodeOptions, setBy) => {
  const env = { NODE_OPTIONS: nodeOptions, PLIMSOLL_LOG: 'json' };
  const words = ['node', ...flags, '-e', heapLimit];
  const bare = runToEnd(words, { env });
  const ran = runToEnd([...run, ...words], { env });
  expect(ran.out).toBe(bare.out);
  const lines = ran.err.split('\n').filter((line) => line.includes('heap-flag-kept'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    plimsoll: 'heap-flag-kept',
    message: expect.stringContaining(
      `(${setBy}) was set by you and stays. The plan for 256 MiB has an old space of ${planned.old} MiB.`,
    ),
  });
});

test('a semi-space of the user is kept and planned with: 32 MiB of it leave a smaller old space than 8', () => {
  const expected = plannedMib(256, { semiSpaceBytes: 32 * 2 ** 20 });
  expect(expected.old).toBeLessThan(planned.old);
  const { out } = runToEnd([...run, 'node', '--max-semi-space-size=32', '-e', heapLimit]);
  expect(out).toBe(`${expected.heapLimit}\n`);
});

test('PLIMSOLL=off starts the program unchanged, also one that is not Node.js', async () => {
  const env = { PLIMSOLL: 'off', PLIMSOLL_LIMIT: 'nonsense' };
  const words = ['node', probe, 'x'];
  expect(await probed([plimsoll, 'run', '--', ...words], env)).toEqual(await probed(words, env));
  expect(runToEnd([plimsoll, 'run', 'echo', 'a  b'], { env })).toMatchObject({
    code: 0,
    out: 'a  b\n',
    err: '',
  });
});

test('PLIMSOLL=off starts the program even when the planner cannot run at all', () => {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  writeFileSync(join(tools, 'node'), '#!/bin/sh\nexit 70\n', { mode: 0o755 });
  const env = { PLIMSOLL: 'off', PATH: `${tools}:${process.env['PATH']}` };
  const words = [plimsoll, 'run', '--limit', '1GiB', '--', 'echo', 'a  b', '--limit'];
  expect(runToEnd(words, { env })).toMatchObject({ code: 0, out: 'a  b --limit\n' });
  expect(runToEnd(words, { env: { ...env, PLIMSOLL: 'on' } })).toMatchObject({ code: 70, out: '' });
});

test('without any limit below the machine V8 keeps its default heap, and one line says so', () => {
  const { out, err } = runToEnd([plimsoll, 'run', 'node', '-e', heapLimit], {
    env: { PLIMSOLL_LOG: 'text' },
  });
  const bare = runToEnd(['node', '-e', heapLimit]);
  if (!err.includes('heap-default-kept'))
    throw new Error(`this machine has a limit of its own, so this cannot be shown: ${err}`);
  expect(out).toBe(bare.out);
});

test('under --permission the guard stays out where it may not be read, and the service starts', () => {
  const flag = Number.parseInt(process.versions.node, 10) < 23 ? '--experimental-permission' : '--permission';
  const outcome = runToEnd(
    [...run, 'node', '--no-warnings', flag, `--allow-fs-read=${folder}`, '-e', heapLimit],
    { env: { PLIMSOLL_LOG: 'json' } },
  );
  expect(outcome).toMatchObject({ code: 0, out: `${planned.heapLimit}\n` });
  expect(outcome.err).toContain('"plimsoll":"guard-off"');
  const readable = runToEnd([...run, 'node', '--no-warnings', flag, '--allow-fs-read=*', '-e', heapLimit]);
  expect(readable).toMatchObject({ code: 0, out: `${planned.heapLimit}\n`, err: '' });
});

test('all faults of the configuration come in one error and exit code 2, and nothing is started', () => {
  const env = { PLIMSOLL_EXTERNAL: 'lots', PLIMSOLL_LIMTI: '1', PLIMSOLL_LOG: 'xml' };
  const { code, out, err } = runToEnd([plimsoll, 'run', '--', 'node', '-e', 'console.log(1)'], { env });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('The configuration has 3 faults:');
  for (const part of ['PLIMSOLL_EXTERNAL is "lots"', 'PLIMSOLL_LOG is "xml"', 'Did you mean PLIMSOLL_LIMIT?'])
    expect(err).toContain(part);
});

test.each([
  [[], 2, 'run needs a program to start.\nusage: plimsoll run'],
  [['--limit', '64MiB', 'node', 'x.js'], 2, 'No heap fits a limit of 64 MiB'],
  [['--limit', 'big', '--', 'node', 'x.js'], 2, 'The configuration has 1 fault:\n- PLIMSOLL_LIMIT is "big"'],
  [['--limti', '1', '--', 'node', 'x.js'], 2, "Unknown option '--limti'"],
  [['--limit'], 2, "Option '--limit <value>' argument missing"],
  [['--', 'no-such-program'], 127, 'no-such-program: not found on the PATH'],
  [['--', './no/such'], 127, './no/such: not found'],
  [['--', '/'], 126, '/: a folder'],
  [['--', import.meta.filename], 126, `${import.meta.filename}: not executable`],
  [['--', 'ls', '-l'], 126, 'ls is neither Node.js nor'],
])('run %j ends with %i and "%s"', (words, code, message) => {
  const outcome = runToEnd([plimsoll, 'run', ...words]);
  expect(outcome).toMatchObject({ code, out: '' });
  expect(outcome.err).toContain(`plimsoll: ${message}`);
});

test('without a shell the service runs as a child or in place: exit code, signal and IPC come through', async () => {
  const direct = ['node', mainFile, 'run', '--limit', '256MiB', '--'];
  expect(runToEnd([...direct, 'node', '-e', `${heapLimit}; process.exitCode = 9`])).toMatchObject({
    code: 9,
    out: `${planned.heapLimit}\n`,
  });
  expect(runToEnd([...direct, 'node', '-e', 'process.kill(process.pid, "SIGKILL")'])).toMatchObject({
    signal: 'SIGKILL',
  });
  const file = join(folder, 'echo2.cjs');
  writeFileSync(file, 'process.on("message", (m) => { process.send(m + 1); process.disconnect(); });');
  const child = fork(mainFile, ['run', '--limit', '256MiB', '--', 'node', file], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.send(41);
  expect((await once(child, 'message'))[0]).toBe(42);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('without a shell SIGTERM reaches the service, whose exit code comes back', async () => {
  const program =
    'process.on("SIGTERM", () => process.exit(11)); console.log("ready"); setInterval(() => {}, 1000)';
  const words = [mainFile, 'run', '--limit', '256MiB', '--', 'node', '-e', program];
  const child = spawn('node', words, {
    env: cleanEnvironment({ PLIMSOLL_LOG: 'off' }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([11, null]);
});

test('a check of V8’s own that fails ends a service by SIGABRT as the heap limit does; started bare, by a trap', () => {
  const failing = ['node', '--allow-natives-syntax', '-e', '%AbortJS("on purpose")'];
  expect([runToEnd(failing).signal, runToEnd([...run, ...failing]).signal]).toEqual(['SIGTRAP', 'SIGABRT']);
});
