import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { autoPath, serveOnce, serviceSource, temporaryFolder } from './service.ts';

const preload = `--import=${pathToFileURL(autoPath).href}`;
const isRoot = process.getuid?.() === 0;
const needsRoot = (fact: string): string =>
  isRoot ? fact : `${fact} [SKIPPED: becoming another user needs root]`;

function serviceIn(folder: string): string {
  const path = join(folder, 'service.mjs');
  writeFileSync(path, serviceSource);
  return path;
}

function environment(folder: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], PLIMSOLL_INCIDENT_DIR: join(folder, 'incidents'), ...more };
}

function run(args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env,
    cwd,
  });
  return { status, signal, stdout, stderr };
}

async function bundled(folder: string, format: 'cjs' | 'esm'): Promise<string> {
  const outfile = join(folder, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
  await build({
    stdin: {
      contents: `import ${JSON.stringify(autoPath)};\n${serviceSource}`,
      resolveDir: dirname(autoPath),
    },
    bundle: true,
    platform: 'node',
    format,
    minify: true,
    outfile,
    logLevel: 'silent',
  });
  return outfile;
}

test('a service under --import serves, says one line when armed, and leaves nothing in the run folder at its end', async () => {
  const folder = temporaryFolder();
  const outcome = await serveOnce([preload, serviceIn(folder)], { env: environment(folder) });
  expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'armed' }] });
  expect(outcome.out).toMatch(/^\d+\n$/);
  expect(outcome.err.trim().split('\n')).toHaveLength(1);
  expect(readdirSync(join(folder, 'incidents', 'run'))).toEqual([]);
});

test.each(['cjs', 'esm'] as const)(
  'an esbuild bundle (%s, minified) with the guard inside serves and is armed',
  async (format) => {
    const folder = temporaryFolder();
    const outcome = await serveOnce([await bundled(folder, format)], { env: environment(folder) });
    expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'armed' }] });
  },
);

test('under the permission model the service serves and one line says what is off', async () => {
  const folder = temporaryFolder();
  const flag = process.versions.node.startsWith('20.') ? '--experimental-permission' : '--permission';
  // Since Node 25 a service that listens needs leave to, with or without a guard.
  const network = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : [];
  const flags = [flag, '--allow-fs-read=*', ...network, '--no-warnings'];
  const outcome = await serveOnce([...flags, preload, serviceIn(folder)], { env: environment(folder) });
  expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'degraded' }] });
  expect(outcome.lines[0]?.message).toMatch(/Allocation profiles are off: .*permission.*Incidents are off: /);
});

/** Another user can only run a node that lies where that user may look. */
const isNodeForAll =
  isRoot && spawnSync(process.execPath, ['-v'], { uid: 65_534, gid: 65_534, cwd: '/' }).status === 0;
if (isRoot && !isNodeForAll) {
  process.stderr.write(`SKIPPED 1 test: uid 65534 may not run ${process.execPath}\n`);
}

test.skipIf(!isNodeForAll)(
  `${needsRoot('as uid 65534 with an incident folder it may not write, the service serves and one line says so')}${
    isRoot && !isNodeForAll ? ' [SKIPPED: that user may not run this node]' : ''
  }`,
  async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const outcome = await serveOnce([await bundled(folder, 'esm')], {
      uid: 65_534,
      gid: 65_534,
      cwd: folder,
      env: environment(folder),
    });
    expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'degraded' }] });
    expect(outcome.lines[0]?.message).toContain('Incidents are off: EACCES');
    expect(existsSync(join(folder, 'incidents'))).toBe(false);
  },
);

test.skipIf(!isRoot)(
  needsRoot('a file system mounted read-only keeps incidents off and the service on'),
  async () => {
    const folder = temporaryFolder();
    const mounted = join(folder, 'incidents');
    mkdirSync(mounted);
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', mounted]);
    expect(status).toBe(0);
    try {
      const outcome = await serveOnce([preload, serviceIn(folder)], { env: environment(folder) });
      expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'degraded' }] });
      expect(outcome.lines[0]?.message).toContain('Incidents are off: EROFS');
    } finally {
      spawnSync('umount', [mounted]);
    }
  },
);

test('an incident folder that is a symbolic link is refused once, with the remedy', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'incidents'));
  const outcome = await serveOnce([preload, serviceIn(folder)], { env: environment(folder) });
  expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'degraded' }] });
  expect(outcome.lines[0]?.message).toContain('is a symbolic link; expected a folder of this user');
  expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
});

test('a bad variable is named with the default used instead, and the service starts', async () => {
  const folder = temporaryFolder();
  const outcome = await serveOnce([preload, serviceIn(folder)], {
    env: environment(folder, { PLIMSOLL_COOLDOWN: 'soon', PLIMSOL_LIMIT: '1', PLIMSOLL_LIMITS: '1' }),
  });
  expect(outcome).toMatchObject({ code: 0, body: 'ok', lines: [{ plimsoll: 'degraded' }] });
  expect(outcome.lines[0]?.message).toContain('PLIMSOLL_COOLDOWN is "soon"; expected a duration');
  expect(outcome.lines[0]?.message).toContain(
    'PLIMSOLL_LIMITS is not a variable of Plimsoll. Did you mean PLIMSOLL_LIMIT?',
  );
});

test('PLIMSOLL=off prints nothing and makes no folder', async () => {
  const folder = temporaryFolder();
  const outcome = await serveOnce([preload, serviceIn(folder)], {
    env: environment(folder, { PLIMSOLL: 'off' }),
  });
  expect(outcome).toMatchObject({ code: 0, body: 'ok', err: '' });
  expect(existsSync(join(folder, 'incidents'))).toBe(false);
});

test('npm with the preload in NODE_OPTIONS is not armed and does its work', () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'x', scripts: { greet: 'echo hello' } }),
  );
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'greet', '--silent'], {
    encoding: 'utf8',
    cwd: folder,
    env: environment(folder, { NODE_OPTIONS: preload, HOME: folder, npm_config_update_notifier: 'false' }),
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'hello\n' });
  expect(stderr).not.toContain('plimsoll');
  expect(existsSync(join(folder, 'incidents'))).toBe(false);
});

test('a worker thread, which runs the preload again, arms nothing of its own', () => {
  const folder = temporaryFolder();
  const source = `const { Worker } = require('node:worker_threads');
    new Worker('process.stdout.write("worker")', { eval: true });`;
  const outcome = run([preload, '-e', source], environment(folder));
  expect(outcome).toMatchObject({ status: 0, stdout: 'worker' });
  expect(outcome.stderr.trim().split('\n')).toHaveLength(1);
});

test.each([
  ['process.exit(7)', { status: 7, signal: null }],
  ['process.exitCode = 3', { status: 3, signal: null }],
  ['throw new Error("of its own")', { status: 1, signal: null }],
  ['Promise.reject(new Error("of its own"))', { status: 1, signal: null }],
  ['process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)', { status: null, signal: 'SIGTERM' }],
  ['process.kill(process.pid, "SIGINT"); setInterval(() => {}, 1000)', { status: null, signal: 'SIGINT' }],
  ['process.kill(process.pid, "SIGUSR2"); setInterval(() => {}, 1000)', { status: null, signal: 'SIGUSR2' }],
])('`%s` ends the process as without the guard: %o', (source, expected) => {
  const folder = temporaryFolder();
  expect(run([preload, '-e', source], environment(folder))).toMatchObject(expected);
  expect(run(['-e', source], environment(folder))).toMatchObject(expected);
});

test('the guard does not keep a process alive', () => {
  const folder = temporaryFolder();
  expect(run([preload, '-e', '0'], environment(folder))).toMatchObject({ status: 0, stdout: '' });
});
