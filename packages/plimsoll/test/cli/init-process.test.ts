import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readIncident } from '@plimsoll/watchdog';
import { afterAll, expect } from 'vitest';
import { cleanEnvironment, plimsoll, runToEnd } from './command.ts';
import { plannedMib } from './planned.ts';
import { skipUnless } from './skip.ts';

// PID 1 of a container without a container runtime: a namespace of its own for processes.
const isolate = ['unshare', '--pid', '--fork', '--mount-proc'] as const;
const test = skipUnless('unshare', [...isolate.slice(1), 'true']);

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const planned = plannedMib(256);
const run = [plimsoll, 'run', '--limit', '256MiB', '--'] as const;

function program(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o755 });
  return file;
}

const service = program(
  'service.cjs',
  `const { getHeapStatistics } = require('node:v8');
   if (process.argv[2] !== 'deaf') process.on('SIGTERM', () => process.exit(3));
   process.on('SIGUSR2', () => console.log('USR2'));
   console.log(process.pid, getHeapStatistics().heap_size_limit / 2 ** 20, process.env.NODE_OPTIONS ?? '');
   setInterval(() => {}, 1000);`,
);

interface Container {
  /** The first line of its output. */
  readonly line: string;
  readonly child: ChildProcess;
  /** Its PID 1 as the host sees it: what `docker stop` sends its signals to. */
  readonly initPid: number;
  readonly nextOutput: () => Promise<string>;
}

async function startContainer(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Container> {
  const [file, ...rest] = [...isolate, ...words];
  const child = spawn(file, rest, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'inherit'] });
  const nextOutput = async (): Promise<string> => String((await once(child.stdout, 'data'))[0]).trim();
  const line = await nextOutput();
  const initPid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'));
  return { line, child, initPid, nextOutput };
}

const entrypoint = program('entrypoint.sh', '#!/bin/sh\nset -e\nexport FROM_ENTRYPOINT=1\nexec "$@"\n');

const shapes: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['ENTRYPOINT ["plimsoll", "run", "--", "node", …]', [...run, 'node', service]],
  ['an entrypoint script that ends in exec "$@"', [entrypoint, ...run, 'node', service]],
  ['the shell form of CMD', ['/bin/sh', '-c', `exec ${[...run, 'node', service].join(' ')}`]],
  ['plimsoll run before such a script', [...run, entrypoint, 'node', service]],
];

for (const [name, words] of shapes) {
  test(`${name}: the service is PID 1 in the heap of the plan, is sent SIGUSR2 and SIGTERM, and its exit code is the container’s`, async () => {
    const { line, child, initPid, nextOutput } = await startContainer(words);
    expect(line).toBe(`1 ${planned.heapLimit}`);
    const output = nextOutput();
    process.kill(initPid, 'SIGUSR2');
    expect(await output).toBe('USR2');
    process.kill(initPid, 'SIGTERM');
    expect(await once(child, 'exit')).toEqual([3, null]);
  });
}

test('as PID 1 a service without a listener is deaf to SIGTERM, as without us, and SIGKILL ends it', async () => {
  for (const words of [
    ['node', service, 'deaf'],
    [...run, 'node', service, 'deaf'],
  ]) {
    const { child, initPid, nextOutput } = await startContainer(words);
    process.kill(initPid, 'SIGTERM');
    const output = nextOutput();
    process.kill(initPid, 'SIGUSR2');
    expect(await output).toBe('USR2');
    process.kill(initPid, 'SIGKILL');
    await once(child, 'exit');
  }
});

test('ENV NODE_OPTIONS of an image stays for the service as it was, and a heap size in it wins over the plan', async () => {
  for (const [options, heapLimit] of [
    ['--no-deprecation', planned.heapLimit],
    ['--max-old-space-size=100 --max-semi-space-size=4', 112],
  ] as const) {
    const { line, child, initPid } = await startContainer([...run, 'node', service], {
      NODE_OPTIONS: options,
    });
    expect(line).toBe(`1 ${heapLimit} ${options}`);
    process.kill(initPid, 'SIGTERM');
    await once(child, 'exit');
  }
});

test('V8’s own death as PID 1 has the code it has without us, 139 on x64, and the incident names that code', () => {
  const leak = program(
    'leak.cjs',
    `const sessions = new Map();
     setInterval(function fill() { for (let turn = 0; turn < 800; turn += 1) sessions.set(sessions.size, { at: [1, 2, 3], name: 's' + turn }); }, 4);`,
  );
  const words = ['node', '--max-old-space-size=40', leak];
  const bare = runToEnd([...isolate, ...words]);
  const incidents = join(folder, 'incidents');
  const env = { PLIMSOLL_INCIDENT_DIR: incidents, PLIMSOLL_LOG: 'json' };
  const inside = runToEnd([...isolate, ...run, ...words], { env });
  expect([inside.code, inside.signal]).toEqual([bare.code, bare.signal]);
  const [name = ''] = readdirSync(incidents).filter((entry) => /^\d{8}T/.test(entry));
  const { ending, autopsy } = readIncident(join(incidents, name));
  expect(autopsy?.findings[0]?.name).toBe('sessions');
  // unshare ends by the signal that its child ended by; a container runtime says 128 + its number.
  if (process.arch === 'x64') {
    expect(inside.signal).toBe('SIGSEGV');
    expect(ending).toMatchObject({ exitCode: 139 });
    expect(inside.err).toContain('the process ends with exit code 139.');
  } else expect(ending?.exitCode).toBeNull();
});
