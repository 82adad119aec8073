import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  predictSnapshotCost,
  readHeapShape,
  type SnapshotCost,
  type SnapshotResult,
  verifyHeapSnapshot,
  writeHeapSnapshot,
} from '../../src/index.ts';

let folder: string;
let taken: SnapshotResult;
let costAfterwards: SnapshotCost;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-snapshot-'));
  taken = writeHeapSnapshot(join(folder, 'a.heapsnapshot'));
  costAfterwards = predictSnapshotCost(readHeapShape());
});

afterAll(() => rmSync(folder, { recursive: true }));

test('a snapshot is readable for its owner alone and its counts are those of its header', async () => {
  expect(statSync(taken.path).mode & 0o777).toBe(0o600);
  expect(taken.fileBytes).toBe(statSync(taken.path).size);
  const { snapshot, nodes, edges } = JSON.parse(readFileSync(taken.path, 'utf8'));
  const fields = snapshot.meta.node_fields.length;
  expect([taken.nodeCount, taken.edgeCount]).toEqual([nodes.length / fields, edges.length / 3]);
  expect(await verifyHeapSnapshot(taken.path)).toEqual({
    valid: true,
    fileBytes: taken.fileBytes,
    nodeCount: nodes.length / fields,
    edgeCount: edges.length / 3,
  });
});

test('a snapshot never overwrites', () => {
  expect(() => writeHeapSnapshot(taken.path)).toThrow(/exists already/);
});

test('a folder that is not there is an error that names the path and leaves nothing', () => {
  const path = join(folder, 'missing', 'b.heapsnapshot');
  expect(() => writeHeapSnapshot(path)).toThrow(path);
});

test.each([0, 1, 100, 50_000, -1, -2])('a file cut to %i bytes is not valid', async (keptBytes) => {
  const path = join(folder, `cut${keptBytes}`);
  writeFileSync(path, readFileSync(taken.path));
  truncateSync(path, keptBytes >= 0 ? keptBytes : taken.fileBytes + keptBytes - 1);
  const check = await verifyHeapSnapshot(path);
  expect(check.valid).toBe(false);
  expect(check.fault).toMatch(keptBytes === 0 ? 'empty' : /header|close/);
});

test('a file with one node too few is not valid', async () => {
  const text = readFileSync(taken.path, 'utf8');
  const path = join(folder, 'short');
  const start = text.indexOf('"nodes":[') + 9;
  const fields = JSON.parse(`${text.slice(0, text.indexOf('"nodes":['))}"nodes":[]}`).snapshot.meta
    .node_fields;
  let end = start;
  for (const _ of fields) end = text.indexOf(',', end) + 1;
  writeFileSync(path, text.slice(0, start) + text.slice(end));
  expect(await verifyHeapSnapshot(path)).toMatchObject({
    valid: false,
    fault: `The header says ${taken.nodeCount} nodes, the file holds ${taken.nodeCount - 1}.`,
  });
});

test('after a capture the prediction for the same heap is what was counted, and at most a fifth more', () => {
  expect(costAfterwards.basis).toBe('capture');
  expect(costAfterwards.nodeCount).toBeGreaterThanOrEqual(taken.nodeCount);
  expect(costAfterwards.nodeCount / taken.nodeCount).toBeLessThan(1.2);
  expect(costAfterwards.peakBytes).toBeGreaterThanOrEqual(
    taken.residentPeakBytes - taken.residentBeforeBytes,
  );
});
