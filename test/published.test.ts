import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleAll } from '../scripts/bundle.mjs';
import { presentNode, supportedMajors } from '../scripts/nodes.mjs';
import { packTarballs } from '../scripts/publish/tarballs.mjs';
import { requireFilesNamed } from '../scripts/publish/named-files.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-published-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** An empty folder, and what `npm install` puts into it from tarballs alone. */
const service = join(scratch, 'service');
const entries = [
  ...['cache', 'heap', 'inspect', 'lazy', 'memory', 'pool', 'snapshot', 'streams', 'watchdog'].map(
    (name) => `@plimsoll/${name}`,
  ),
  'plimsoll',
];
/** Everything that can be imported. */
const imports = [...entries, '@plimsoll/memory/holders'];

/** The same as they are compiled, one module a file. */
const compiled = imports.map((path) => {
  const [name = '', entry = 'index'] = path.replace('@plimsoll/', '').split('/');
  return join(import.meta.dirname, '..', 'packages', name, 'dist', `${entry}.js`);
});

/** The folders of every package that is not ours and that ours need, and what those need. */
function libraryFolders(modules: string): Set<string> {
  const folders = new Set<string>();
  const pending = entries.map((name) => ({ name, within: modules }));
  for (const { name, within } of pending) {
    const folder = realpathSync(join(within, name));
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    if (!entries.includes(name)) folders.add(folder);
    // Beside the package, as pnpm lays them out.
    const beside = folder.slice(0, -name.length);
    for (const dependency of Object.keys(dependencies)) {
      if (!pending.some((one) => one.name === dependency)) pending.push({ name: dependency, within: beside });
    }
  }
  return folders;
}

beforeAll(async () => {
  const targets = await bundleAll(join(scratch, 'built'));
  expect(Object.keys(targets).toSorted()).toEqual(entries.toSorted());
  const tarballs = packTarballs(Object.values(targets), scratch).map(({ path }) => path);
  for (const folder of libraryFolders(join(scratch, 'built', 'node_modules'))) {
    // What is installed here, so that nothing is fetched; npm itself fails to pack lru-cache.
    const path = join(scratch, `library-${tarballs.length}.tgz`);
    execFileSync('tar', ['-czf', path, '-C', dirname(folder), basename(folder)]);
    tarballs.push(path);
  }
  mkdirSync(service);
  writeFileSync(join(service, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], {
    cwd: service,
  });
});

function run(command: string, words: readonly string[], nodePath: string = process.execPath) {
  const { status, stdout, stderr } = spawnSync(command, words, {
    cwd: service,
    encoding: 'utf8',
    env: {
      PATH: `${dirname(nodePath)}:${process.env['PATH']}`,
      PLIMSOLL_INCIDENT_DIR: join(scratch, 'incidents'),
    },
  });
  return { status, out: stdout, err: stderr };
}

/** A program that prints which names each of `list` exports, and whether `require` gives the same. */
const exportsOf = (list: readonly string[]): string => `
const list = ${JSON.stringify(list)};
Promise.all(list.map((name) => import(name))).then((all) => {
  const same = list.every((name, index) => require(name) === all[index]);
  console.log(JSON.stringify({ same, names: all.map((one) => Object.keys(one).filter((name) => name !== 'module.exports').sort()) }));
});
`;

test('no file that the published command, preload and analysis start by their path is missing', () => {
  expect(requireFilesNamed(join(service, 'node_modules', 'plimsoll', 'dist'))).toBeGreaterThan(10);
});

const absent = supportedMajors.filter((major) => presentNode(major) === undefined);
if (absent.length > 0) {
  process.stderr.write(
    `SKIPPED ${absent.length * 3} tests of the published packages: no Node ${absent.join(', ')} here; set NODE_<major> or run \`pnpm matrix\`\n`,
  );
}

describe.each(supportedMajors)('installed from tarballs under Node %s', (major) => {
  const nodePath = presentNode(major);

  test.skipIf(nodePath === undefined)(
    '10 packages and 1 part import and require as one, with the exports of the sources',
    () => {
      const { out } = run(nodePath ?? '', ['-e', exportsOf(imports)]);
      expect(JSON.parse(out)).toEqual(JSON.parse(run(process.execPath, ['-e', exportsOf(compiled)]).out));
    },
  );

  test.skipIf(nodePath === undefined)('--import plimsoll/auto arms the guard', () => {
    const { status, out, err } = run(nodePath ?? '', ['--import', 'plimsoll/auto', '-e', 'console.log(1)']);
    expect({ status, out }).toEqual({ status: 0, out: '1\n' });
    expect(err.trim().split('\n')).toEqual([expect.stringContaining('"plimsoll":"armed"')]);
  });

  test.skipIf(nodePath === undefined)(
    'plimsoll run sizes the heap in 256 MiB as the sources do, and arms the guard',
    () => {
      const words = [
        'run',
        '--limit',
        '256MiB',
        '--',
        'node',
        '-p',
        'v8.getHeapStatistics().heap_size_limit / 2 ** 20',
      ];
      const sources = join(import.meta.dirname, '..', 'packages', 'plimsoll', 'bin', 'plimsoll');
      const { status, out, err } = run(join(service, 'node_modules', '.bin', 'plimsoll'), words, nodePath);
      expect(Number(out)).toBeGreaterThan(100);
      expect({ status, out }).toEqual({ status: 0, out: run(sources, words, nodePath).out });
      expect(err.trim().split('\n')).toEqual([expect.stringContaining('"plimsoll":"armed"')]);
    },
  );
});

test('the command finds the files it starts: an analysis in its own process, the measurement of modules', () => {
  const command = join(service, 'node_modules', '.bin', 'plimsoll');
  const path = join(scratch, 'one.heapsnapshot');
  run(process.execPath, ['-e', `v8.writeHeapSnapshot(${JSON.stringify(path)})`]);
  expect(run(command, ['analyze', path])).toMatchObject({
    status: 0,
    err: expect.stringContaining('objects and'),
  });
  const modules = run(command, ['modules', '--', 'node', '-e', 'require("lru-cache")']);
  expect(modules).toMatchObject({ status: 0 });
  expect(modules.out).toContain('lru-cache');
});

test('the control client is one file that needs nothing beside it', () => {
  const client = join(scratch, 'client.mjs');
  copyFileSync(join(service, 'node_modules/plimsoll/dist/cli/control/client.js'), client);
  const { status, err } = run(process.execPath, [client, 'sample']);
  expect({ status, err }).toEqual({ status: 5, err: expect.stringContaining('no guarded process') });
});

test('a stack trace under --enable-source-maps names the TypeScript source and line', () => {
  const script = `require('@plimsoll/memory').registerHolder({})`;
  const { err } = run(process.execPath, ['--enable-source-maps', '-e', script]);
  expect(err).toMatch(/node_modules\/@plimsoll\/memory\/src\/reclaim\/holder-registry\.ts:\d+:\d+/);
});

test('a package that only holds memory loads less than 24 kB of @plimsoll/memory', () => {
  const dist = join(service, 'node_modules', '@plimsoll', 'memory', 'dist');
  const pending = ['holders.js'];
  let bytes = 0;
  for (const file of pending) {
    const text = readFileSync(join(dist, file), 'utf8');
    bytes += text.length;
    for (const [, name = ''] of text.matchAll(/from "\.\/([^"]+)"/g)) {
      if (!pending.includes(name)) pending.push(name);
    }
  }
  expect(pending.length).toBeGreaterThan(1);
  expect(bytes).toBeLessThan(24_000);
  const streams = readFileSync(join(service, 'node_modules/@plimsoll/streams/dist/index.js'), 'utf8');
  expect(new Set(streams.match(/@plimsoll\/memory[\w/]*(?=")/g))).toEqual(
    new Set(['@plimsoll/memory/holders']),
  );
});
