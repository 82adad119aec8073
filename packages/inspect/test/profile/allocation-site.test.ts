import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findAllocationSites, type HeapProfileNode } from '../../src/index.ts';

let nextId = 1;
function node(
  functionName: string,
  url: string,
  selfSize: number,
  children: HeapProfileNode[] = [],
  lineNumber = 6,
): HeapProfileNode {
  const id = nextId++;
  return {
    callFrame: { functionName, scriptId: url, url, lineNumber, columnNumber: 2 },
    selfSize,
    id,
    children,
  };
}
const app = `file://${process.cwd()}/src/store.js?v=1#x`;
const lib = `file://${process.cwd()}/node_modules/lru-cache/index.js`;
const own = `file://${process.cwd()}/node_modules/@plimsoll/memory/dist/index.js`;

test('a byte counts once, for the innermost function of the application on its stack', () => {
  const head = node('(root)', '', 0, [
    node('emit', 'node:events', 10, [
      node('handle', app, 100, [node('set', lib, 1000, [node('alloc', 'node:buffer', 500)])]),
      node('refresh', lib, 40, [node('from', 'node:buffer', 2)]),
    ]),
    node('tick', own, 7, [node('read', 'node:fs', 3)]),
  ]);
  const { sites, totalBytes, guardBytes } = findAllocationSites({ head });
  expect(
    sites.map(({ functionName, file, line, column, liveBytes, kind }) => [
      functionName,
      file,
      line,
      column,
      liveBytes,
      kind,
    ]),
  ).toEqual([
    ['handle', 'src/store.js', 7, 3, 1600, 'application'],
    ['refresh', 'node_modules/lru-cache/index.js', 7, 3, 42, 'dependency'],
    ['emit', 'node:events', 7, 3, 10, 'node'],
  ]);
  expect([totalBytes, guardBytes]).toEqual([1652, 10]);
  expect(sites[0]?.shareRatio).toBe(1600 / 1652);
});

test('a path outside the working directory is absolute, and no URL shows credentials, query or inline source', () => {
  const outside = join('/', 'opt', 'x.js');
  const head = node('(root)', '', 0, [
    node('a', `file://${outside}?token=hunter2`, 5),
    node('b', 'https://user:hunter2@host/x.js?token=hunter2', 4),
    node('c', 'data:text/javascript,const hunter2=1', 3),
    node('d', 'webpack-internal:///./src/y.js?hunter2', 2),
    node('e', 'hunter2', 1),
  ]);
  const { sites } = findAllocationSites({ head });
  expect(sites.map(({ file }) => file)).toEqual([
    '/opt/x.js',
    '<https:>',
    '<data:>',
    'webpack-internal:///./src/y.js',
    '<evaluated>',
  ]);
});
