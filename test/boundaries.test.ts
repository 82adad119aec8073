import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const packagesDir = join(import.meta.dirname, '..', 'packages');

/** Which package may import which. Dependencies point one way: the upper row never imports itself, `snapshot` imports nothing of ours. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  snapshot: [],
  inspect: ['memory'],
  heap: ['memory', 'inspect'],
  watchdog: ['memory', 'inspect'],
  service: ['memory', 'inspect'],
  vitest: ['memory', 'inspect'],
  cache: ['memory'],
  streams: ['memory'],
  pool: ['memory'],
  lazy: ['memory'],
  plimsoll: [
    'memory',
    'heap',
    'inspect',
    'watchdog',
    'service',
    'cache',
    'streams',
    'pool',
    'lazy',
    'snapshot',
  ],
};

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly file: string;
}

/** Every import of one of our packages in the sources of `name`, with the number of files read. */
function edgesOf(name: string): { edges: Edge[]; fileCount: number } {
  const edges: Edge[] = [];
  const src = join(packagesDir, name, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  for (const file of files) {
    const text = readFileSync(join(src, file), 'utf8');
    for (const match of text.matchAll(
      /(?:from|import|require)\s*\(?\s*['"](@plimsoll\/([a-z-]+)|plimsoll)(?:\/[^'"]*)?['"]/g,
    )) {
      edges.push({ from: name, to: match[2] ?? 'plimsoll', file: `${name}/src/${file}` });
    }
    for (const match of text.matchAll(/['"](?:\.\.\/)+([a-z]+)\/src\//g)) {
      edges.push({ from: name, to: match[1] ?? '?', file: `${name}/src/${file} (by path)` });
    }
  }
  return { edges, fileCount: files.length };
}

const names = readdirSync(packagesDir).filter((name) => existsSync(join(packagesDir, name, 'src')));

test('there are packages to check, each of them on the list', () => {
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !(name in allowed))).toEqual([]);
});

test.each(names)('%s imports only what the list of allowed edges names', (name) => {
  const { edges, fileCount } = edgesOf(name);
  expect(fileCount).toBeGreaterThan(0);
  expect(edges.filter(({ from, to }) => from !== to && !allowed[from]?.includes(to))).toEqual([]);
});

test.each(names)(
  'package.json of %s depends on exactly the packages of ours that its sources import',
  (name) => {
    const manifest = JSON.parse(readFileSync(join(packagesDir, name, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const declared = Object.keys(manifest.dependencies ?? {}).flatMap(
      (dependency) => /^@plimsoll\/(.+)$/.exec(dependency)?.[1] ?? [],
    );
    const imported = new Set(edgesOf(name).edges.flatMap(({ from, to }) => (from === to ? [] : [to])));
    expect(declared.toSorted()).toEqual([...imported].toSorted());
  },
);
