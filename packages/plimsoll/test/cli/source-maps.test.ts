import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { SourceMapFolder } from '../../src/cli/source-maps/source-map-folder.ts';
import { autoPath, temporaryFolder } from '../service.ts';
import { cleanEnvironment, plimsoll, runToEnd } from './command.ts';

const sources = join(import.meta.dirname, 'programs', 'minified');

interface Built {
  readonly program: string;
  readonly incidentDir: string;
  readonly maps: string;
}

/** Builds the service to `dist/min.cjs`, and its maps where the service does not look for them. */
function buildService(format: 'cjs' | 'esm' | 'iife'): Built {
  const folder = temporaryFolder();
  const name = format === 'esm' ? 'min.mjs' : 'min.cjs';
  const maps = join(folder, 'maps');
  const program = join(folder, 'dist', name);
  const options = {
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    entryPoints: [join(sources, 'main.ts')],
    format,
  } as const;
  buildSync({ ...options, sourcemap: 'external', outfile: join(maps, name) });
  buildSync({ ...options, sourcemap: false, outfile: program });
  // The guarded service has no maps: they are only where they are used.
  rmSync(join(maps, name));
  return { program, incidentDir: join(folder, 'incidents'), maps };
}

/** Lets the service die at V8's limit without its maps. */
function die(format: 'cjs' | 'esm' | 'iife'): Built {
  const built = buildService(format);
  const { signal } = spawnSync(
    process.execPath,
    ['--max-old-space-size=48', '--max-semi-space-size=2', '--import', autoPath, built.program],
    {
      cwd: dirname(built.program),
      timeout: 60_000,
      stdio: 'ignore',
      env: cleanEnvironment({ PLIMSOLL_INCIDENT_DIR: built.incidentDir, PLIMSOLL_SNAPSHOT: 'off' }),
    },
  );
  expect(signal).toBe('SIGABRT');
  return built;
}

test.each(['cjs', 'esm', 'iife'] as const)(
  'a minified %s bundle that died is explained in its TypeScript by --source-maps',
  (format) => {
    const { incidentDir, maps } = die(format);
    const explain = (...words: string[]): string =>
      runToEnd([plimsoll, 'explain', 'last', ...words], { env: { PLIMSOLL_INCIDENT_DIR: incidentDir } }).out;
    expect(explain()).toMatch(
      / {2}held by {8}Map `[\w$]{1,2}` \(min\.[cm]js:\d+(?::\d+)?\) holds [\d,]+ entries/,
    );
    const inSource = explain('--source-maps', maps);
    expect(inSource).toMatch(
      / {2}held by {8}Map `sessions` \(.*session-store\.ts:6\) holds [\d,]+ entries.*allocated in `\w+` \(.*\.ts:\d+\)\./,
    );
    expect(inSource).toMatch(/ {2}allocated by .* in (?:openSession|serve), .*\.ts:\d+\n/);
    const { record } = JSON.parse(explain('--source-maps', maps, '--json')) as {
      record: { autopsy: { findings: readonly object[] } };
    };
    expect(record.autopsy.findings[0]).toMatchObject({
      name: 'sessions',
      path: 'sessions',
      file: expect.stringMatching(/(?:^|\/)session-store\.ts$/),
      line: 6,
      column: 7,
      generated: { file: expect.stringMatching(/min\.[cm]js$/), column: expect.any(Number) },
    });
  },
);

test(
  'census --source-maps names the largest container of a minified service that runs, in its TypeScript',
  { timeout: 60_000 },
  async () => {
    const { program, incidentDir, maps } = buildService('cjs');
    const child = spawn(process.execPath, ['--max-old-space-size=1024', '--import', autoPath, program], {
      cwd: dirname(program),
      stdio: 'ignore',
      env: cleanEnvironment({ PLIMSOLL_INCIDENT_DIR: incidentDir, PLIMSOLL_SNAPSHOT: 'off' }),
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const census = (): string =>
      runToEnd([plimsoll, 'census', '--source-maps', maps], { env: { PLIMSOLL_INCIDENT_DIR: incidentDir } })
        .out;
    // Asked too early there is nothing to ask; asked too often the service wants a rest first.
    await expect
      .poll(census, { timeout: 50_000, interval: 1000 })
      .toMatch(
        /^Map `sessions` \(.*session-store\.ts:6\) holds [\d,]+ entries.*allocated in `\w+` \(.*\.ts:\d+/,
      );
  },
);

/** Builds one source with its map into `folder`, and returns where the name `rows` stands in the built file. */
function build(folder: string, name: string, sourcemap: 'external' | 'inline'): { column: number } {
  const entry = join(folder, `${name}.ts`);
  writeFileSync(entry, '// The rows.\nexport const rows: number[] = [];\n');
  const outfile = join(folder, `${name}.mjs`);
  buildSync({ entryPoints: [entry], outfile, bundle: true, minify: true, format: 'esm', sourcemap });
  const code = readFileSync(outfile, 'utf8');
  return { column: code.indexOf('=[]') };
}

test('a map beside the file or inside it gives file, line, column and name', () => {
  const root = temporaryFolder();
  const beside = build(root, 'beside', 'external');
  const inside = build(root, 'inside', 'inline');
  const maps = new SourceMapFolder(root);
  const rows = { line: 2, column: 14, name: 'rows' };
  expect(maps.originalOf({ file: 'dist/beside.mjs', line: 1, ...beside })).toEqual({
    file: 'beside.ts',
    ...rows,
  });
  expect(maps.originalOf({ file: '/srv/inside.mjs', line: 1, ...inside })).toEqual({
    file: 'inside.ts',
    ...rows,
  });
  expect(maps.originalOf({ file: 'other.mjs', line: 1, column: 1 })).toBeUndefined();
  expect(maps.originalOf({ file: 'dist/beside.mjs', line: 0, column: 0 })).toBeUndefined();
});

test('of two builds the one whose folders are like those of the file is taken, and neither when both are', () => {
  const root = temporaryFolder();
  for (const name of ['api', 'worker']) {
    mkdirSync(join(root, name));
    build(join(root, name), 'main', 'external');
  }
  const maps = new SourceMapFolder(root);
  const at = { line: 1, column: 5 };
  expect(maps.originalOf({ file: 'dist/worker/main.mjs', ...at })?.file).toBe('worker/main.ts');
  expect(maps.originalOf({ file: 'dist/main.mjs', ...at })).toBeUndefined();
});

test('a folder without maps, and one that is not there, are errors that say what to give', () => {
  const root = temporaryFolder();
  expect(() => new SourceMapFolder(root)).toThrow(/holds no source map; give the folder of the build/);
  expect(() => new SourceMapFolder(join(root, 'none'))).toThrow(/--source-maps .*none cannot be read/);
});
