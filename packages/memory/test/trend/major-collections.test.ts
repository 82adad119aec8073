import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mib } from '../../src/index.ts';
import { MajorCollections } from '../../src/trend/major-collections.ts';

test('4 major collections among 50 minor ones are counted as 4, each with its floor', async () => {
  let minorCount = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_MINOR) minorCount += 1;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const floors: number[] = [];
  using collections = new MajorCollections((heapUsedBytes) => floors.push(heapUsedBytes));
  const kept: unknown[] = [];
  for (let round = 0; round < 4; round += 1) {
    kept.push(Array.from({ length: mib(1) }, () => round));
    for (let count = 0; count < 12; count += 1) globalThis.gc?.({ type: 'minor' });
    globalThis.gc?.();
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  }
  observer.disconnect();
  expect(minorCount).toBeGreaterThanOrEqual(40);
  expect(collections.count).toBe(4);
  expect(floors).toHaveLength(4);
  // Each round keeps an array of 8 MiB more.
  expect((floors[3] ?? 0) - (floors[0] ?? 0)).toBeGreaterThan(mib(20));
  expect(kept).toHaveLength(4);
});

test('after disposal nobody is called', async () => {
  let callCount = 0;
  const collections = new MajorCollections(() => (callCount += 1));
  collections[Symbol.dispose]();
  globalThis.gc?.();
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  expect([callCount, collections.count]).toEqual([0, 0]);
});
