import { createReadStream, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';

import { isSnapshotError, measureNeed, openSnapshot, type SnapshotError } from '../../src/index.ts';
import { temporaryFolder, unpackFixture } from '../fixture.ts';
import { type TinyNode, tinySnapshot } from '../tiny-snapshot.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** root → holder → {left, right} → shared, and a chain below right. */
const diamond: readonly TinyNode[] = [
  ['synthetic', '', 0, [['shortcut', 'global', 1]]],
  [
    'object',
    'Holder',
    10,
    [
      ['property', 'left', 2],
      ['property', 'right', 3],
      ['weak', 'gone', 6],
    ],
  ],
  ['object', 'Left', 20, [['property', 'shared', 4]]],
  [
    'object',
    'Right',
    40,
    [
      ['property', 'shared', 4],
      ['element', 0, 5],
    ],
  ],
  ['string', 'text', 80, []],
  ['string', 'tail', 160, []],
  ['object', 'OnlyWeak', 320, []],
];

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

async function faultOf(content: string | Uint8Array): Promise<SnapshotError> {
  try {
    using graph = await openSnapshot(write('damaged.heapsnapshot', content));
    throw new Error(`opened with ${graph.nodeCount} nodes`);
  } catch (error) {
    if (isSnapshotError(error)) return error;
    throw error;
  }
}

describe('a diamond of 7 nodes', () => {
  test.each([
    ['6 node fields', tinySnapshot(diamond)],
    ['7 node fields', tinySnapshot(diamond, { hasTraceNodeId: true })],
    [
      'sections it does not know',
      tinySnapshot(diamond, { extraSection: '"later":{"a":["]",{"b\\"":1}]},"more":[1,[2,3]],"one":1,\n' }),
    ],
  ])('has the dominators and retained sizes drawn by hand, with %s', async (_title, text) => {
    using graph = await openSnapshot(write('diamond.heapsnapshot', text));
    expect([...graph.dominators]).toEqual([0, 0, 1, 1, 1, 3, 0]);
    expect([...graph.retainedSizes]).toEqual([630, 310, 20, 200, 80, 160, 320]);
    expect([...graph.distances]).toEqual([100_000_000, 1, 2, 2, 3, 3, -5]);
    expect(graph.className(4)).toBe('(string)');
    expect(graph.name(4)).toBe('text');
    expect(graph.edgeName(1)).toBe('left');
    expect(graph.id(6)).toBe(13);
  });

  test('reads the same from gzip, from a stream and from a gzip stream, and leaves no temporary file', async () => {
    const text = tinySnapshot(diamond);
    const zipped = write('diamond.heapsnapshot.gz', gzipSync(text));
    const spoolDir = temporaryFolder();
    const inputs = [
      zipped,
      Readable.from([Buffer.from(text)]),
      createReadStream(zipped, { highWaterMark: 1 }),
    ];
    for (const input of inputs) {
      using graph = await openSnapshot(input, { spoolDir: spoolDir.path });
      expect([...graph.retainedSizes]).toEqual([630, 310, 20, 200, 80, 160, 320]);
      expect(readdirSync(spoolDir.path)).toEqual([]);
    }
    spoolDir[Symbol.dispose]();
  });

  test('counts sizes above 4 GiB exactly', async () => {
    const large = diamond.map((node) => [node[0], node[1], node[2] * 2 ** 30, node[3]] as const);
    using graph = await openSnapshot(write('large.heapsnapshot', tinySnapshot(large)));
    expect(graph.retainedSizes[1]).toBe(310 * 2 ** 30);
  });
});

describe('what is no snapshot', () => {
  const text = tinySnapshot(diamond);
  test.each([
    ['an empty file', '', 'ERR_SNAPSHOT_TRUNCATED', 'at byte 0, expected a heap snapshot'],
    ['other JSON', '{"nodes":[]}', 'ERR_SNAPSHOT_FORMAT', 'at byte 0 found'],
    [
      'a header cut off',
      text.slice(0, 100),
      'ERR_SNAPSHOT_TRUNCATED',
      'at byte 100, expected the end of the snapshot header',
    ],
    ['nodes cut off', text.slice(0, text.indexOf('"nodes"') + 20), 'ERR_SNAPSHOT_TRUNCATED', 'more nodes'],
    [
      'edges cut off',
      text.slice(0, text.indexOf('"edges"') + 20),
      'ERR_SNAPSHOT_TRUNCATED',
      'edges and strings',
    ],
    [
      'strings cut off',
      text.slice(0, -8),
      'ERR_SNAPSHOT_TRUNCATED',
      'more strings or the "]" that ends them',
    ],
    [
      '10^12 nodes in the header',
      text.replace('"node_count":7', '"node_count":1000000000000'),
      'ERR_SNAPSHOT_FORMAT',
      'claims node_count 1000000000000',
    ],
    [
      '10^12 edges in the header',
      text.replace('"edge_count":7', '"edge_count":1000000000000'),
      'ERR_SNAPSHOT_FORMAT',
      'claims edge_count 1000000000000',
    ],
    [
      'one node fewer than the header says',
      text.replace('"node_count":7', '"node_count":8'),
      'ERR_SNAPSHOT_FORMAT',
      'the end after 7 nodes',
    ],
    [
      'one node more than the header says',
      text.replace('"node_count":7', '"node_count":6'),
      'ERR_SNAPSHOT_FORMAT',
      'one more node',
    ],
    [
      'an edge into the middle of a node',
      text.replace('5,1,6', '5,1,7'),
      'ERR_SNAPSHOT_FORMAT',
      'an edge to field 7',
    ],
    [
      'an edge behind the last node',
      text.replace('5,1,6', '5,1,6000'),
      'ERR_SNAPSHOT_FORMAT',
      'an edge to field 6000',
    ],
    [
      'a word among the numbers',
      text.replace('\n,', '\n,null,'),
      'ERR_SNAPSHOT_FORMAT',
      'found "n", expected a number',
    ],
    [
      'a number of 400 digits',
      text.replace('\n,', `\n,${'9'.repeat(400)},`),
      'ERR_SNAPSHOT_FORMAT',
      'at most 20 digits',
    ],
    [
      'a header without self_size',
      text.replace('self_size', 'other'),
      'ERR_SNAPSHOT_FORMAT',
      'node_fields without self_size',
    ],
    [
      'a root behind the nodes',
      text.replace('"node_count"', '"root_index":600,"node_count"'),
      'ERR_SNAPSHOT_FORMAT',
      'root_index 600',
    ],
  ])('is refused with its place: %s', async (_title, content, code, message) => {
    const error = await faultOf(content);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test('is refused at every one of 40 lengths of a real snapshot, never opened', async () => {
    const path = unpackFixture(24, folder.path);
    const bytes = readFileSync(path);
    const codes = new Set<string>();
    for (let part = 1; part <= 40; part++) {
      const error = await faultOf(bytes.subarray(0, Math.floor((bytes.length * part) / 41)));
      codes.add(error.code);
    }
    expect([...codes]).toEqual(['ERR_SNAPSHOT_TRUNCATED']);
  });

  test('is refused when it is a folder or missing', async () => {
    await expect(openSnapshot(folder.path)).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_INPUT' });
    await expect(openSnapshot(join(folder.path, 'none'))).rejects.toMatchObject({
      code: 'ERR_SNAPSHOT_INPUT',
    });
  });
});

describe('the memory a snapshot needs', () => {
  test('is known from the header: 96 MiB, 29 bytes a node and 8 an edge', async () => {
    const path = write('need.heapsnapshot', tinySnapshot(diamond));
    expect((await measureNeed(path)).peakBytes).toBe(96 * 2 ** 20 + 7 * 29 + 7 * 8);
  });

  test('is the reason of a refusal before anything is read', async () => {
    const path = write('refused.heapsnapshot', tinySnapshot(diamond));
    await expect(openSnapshot(path, { maxMemoryBytes: 2 ** 20 })).rejects.toMatchObject({
      code: 'ERR_SNAPSHOT_TOO_LARGE',
      message: expect.stringContaining('needs 97 MiB of memory and 1 MiB are allowed'),
    });
  });
});
