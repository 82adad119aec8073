import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  findSuspects,
  openSnapshot,
  type RedactReport,
  redactSnapshot,
  summarizeClasses,
} from '../../src/index.ts';
import { temporaryFolder } from '../fixture.ts';
import { loadWithDevTools } from '../oracle/model.ts';

const mark = 'zq7secretzq7';
const folder = temporaryFolder();
const original = join(folder.path, 'original.heapsnapshot');
const redacted = join(folder.path, 'redacted.heapsnapshot');
let report: RedactReport;

beforeAll(async () => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../scenarios/secrets.cjs'), original, mark]);
  report = await redactSnapshot(original, redacted);
});
afterAll(() => folder[Symbol.dispose]());

describe('a redacted snapshot', () => {
  test('holds none of the secrets planted 600 times in the original', () => {
    const before = readFileSync(original, 'latin1').split(mark).length - 1;
    expect(before).toBeGreaterThan(600);
    const text = readFileSync(redacted, 'utf8');
    expect(text.split(mark).length - 1).toBe(0);
    expect(text.includes('@example.com')).toBe(false);
  });

  test('has the retained size, dominator and distance of the original on every node, in Chrome DevTools too', async () => {
    using graph = await openSnapshot(redacted);
    const { model } = await loadWithDevTools(readFileSync(original));
    const { model: redactedModel } = await loadWithDevTools(readFileSync(redacted));
    let differing = 0;
    const [node, twin] = [model.createNode(0), redactedModel.createNode(0)];
    for (let ordinal = 0; ordinal < graph.nodeCount; ordinal++) {
      node.nodeIndex = ordinal * model.nodeFieldCount;
      twin.nodeIndex = node.nodeIndex;
      const isEqual =
        node.retainedSize() === graph.retainedSizes[ordinal] &&
        node.retainedSize() === twin.retainedSize() &&
        node.dominatorIndex() === twin.dominatorIndex() &&
        node.distance() === twin.distance();
      if (!isEqual) differing++;
    }
    expect(differing).toBe(0);
  });

  test('keeps classes and suspects as they are', async () => {
    using before = await openSnapshot(original);
    using after = await openSnapshot(redacted);
    const classes = (graph: typeof before): Map<string, number> =>
      new Map(summarizeClasses(graph).list.map((one) => [one.name, one.retainedBytes]));
    const [ours, theirs] = [classes(before), classes(after)];
    for (const name of ['Account', 'Map', 'WeakMap', 'Error', 'URL', '(string)', 'Function', 'RegExp']) {
      expect([name, theirs.get(name)]).toEqual([name, ours.get(name)]);
    }
    const options = { minHeapRatio: 0.001, minRetainedBytes: 0 };
    const places = (graph: typeof before): string[] =>
      findSuspects(graph, options).map(({ place }) => place.name);
    expect(places(after)).toEqual(places(before));
  });

  test('says what was left in clear, and has kept no text of its own', () => {
    expect(report.maskedCount).toBeGreaterThan(2000);
    const clear = Object.values(report.clearCounts).reduce((sum, count) => sum + count, 0);
    expect(report.maskedCount + clear).toBe(report.stringCount);
    expect(report.clearValues.every((text) => /^[\w$#<>:. ()-]+$/.test(text))).toBe(true);
    expect(statSync(redacted).size).toBe(report.fileBytes);
    expect(statSync(redacted).mode & 0o777).toBe(0o600);
  });

  test('masks equal texts equally under one key and differently under another', async () => {
    const masks = await Promise.all(
      ['a', 'a', 'b'].map(async (key, at) => {
        const target = join(folder.path, `keyed-${at}.heapsnapshot`);
        await redactSnapshot(original, target, { key });
        return readFileSync(target, 'utf8');
      }),
    );
    expect(masks[0]).toBe(masks[1]);
    expect(masks[0]).not.toBe(masks[2]);
  });

  test('is not there when the original is cut off, nor is a part of it', async () => {
    const cut = join(folder.path, 'cut.heapsnapshot');
    writeFileSync(cut, readFileSync(original).subarray(0, 2_000_000));
    const target = join(folder.path, 'never.heapsnapshot');
    await expect(redactSnapshot(cut, target)).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_TRUNCATED' });
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(folder.path).filter((name) => name.includes('.partial'))).toEqual([]);
  });
});
