import { afterAll, describe, expect, test } from 'vitest';

import { openSnapshot } from '../../src/index.ts';
import { summarizeClasses } from '../../src/answers/classes.ts';
import { fixtureBytes, fixtureVersions, temporaryFolder, unpackFixture } from '../fixture.ts';
import { loadWithDevTools } from '../oracle/model.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe.each(fixtureVersions)('a snapshot of Node.js %i', (version) => {
  test('has the dominator, retained size, self size and distance of Chrome DevTools on every node', async () => {
    using graph = await openSnapshot(unpackFixture(version, folder.path));
    const { model } = await loadWithDevTools(fixtureBytes(version));
    const differing = { dominator: 0, retained: 0, self: 0, distance: 0, id: 0 };
    const fields = model.nodeFieldCount;
    const node = model.createNode(0);
    for (let ordinal = 0; ordinal < graph.nodeCount; ordinal++) {
      node.nodeIndex = ordinal * fields;
      if (node.dominatorIndex() / fields !== graph.dominators[ordinal]) differing.dominator++;
      if (node.retainedSize() !== graph.retainedSizes[ordinal]) differing.retained++;
      if (node.selfSize() !== graph.selfSizes[ordinal]) differing.self++;
      if (node.distance() !== graph.distances[ordinal]) differing.distance++;
      if (node.id() !== graph.id(ordinal)) differing.id++;
    }
    expect(graph.nodeCount).toBe(model.nodeCount);
    expect(graph.nodeCount).toBeGreaterThan(30_000);
    expect(differing).toEqual({ dominator: 0, retained: 0, self: 0, distance: 0, id: 0 });
  });

  test('has the count, self size and retained size of Chrome DevTools for classes with one constructor', async () => {
    using graph = await openSnapshot(unpackFixture(version, folder.path));
    const { model, NodeFilter } = await loadWithDevTools(fixtureBytes(version));
    const rows = Object.values(model.aggregatesWithFilter(new NodeFilter()));
    const ours = new Map(summarizeClasses(graph).list.map((summary) => [summary.name, summary]));
    for (const name of [
      'Session',
      '(string)',
      '(array)',
      'Map',
      'WeakMap',
      '(symbol)',
      '(bigint)',
      'Function',
    ]) {
      const [row, another] = rows.filter((candidate) => candidate.name === name);
      if (row === undefined || another !== undefined) continue;
      const summary = ours.get(name);
      expect([name, summary?.count, summary?.selfBytes, summary?.retainedBytes]).toEqual([
        name,
        row.count,
        row.self,
        row.maxRet,
      ]);
    }
    expect(ours.get('Session')?.count).toBe(200);
  });
});
