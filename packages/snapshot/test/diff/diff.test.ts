import { afterAll, expect, test } from 'vitest';

import { diffSnapshots } from '../../src/index.ts';
import { temporaryFolder, unpackFixture } from '../fixture.ts';
import { grow } from '../scenarios/grow.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

test('names the five containers of one Express service with what each gained, and nothing else', async () => {
  const paths = grow('five-containers.cjs', [600, 1200, 1800], folder.path);
  const { growing, heapBytes } = await diffSnapshots(paths);
  const found = growing.map(({ place, steps }) => [place.name, ...steps.map((step) => step.addedCount)]);
  expect(found).toEqual([
    ['sessions', 600, 600],
    ['audit', 600, 600],
    ['cache', 200, 200],
    ['"flush" listeners on Bus', 120, 120],
    ['pendings', 150, 150],
  ]);
  expect(growing.flatMap(({ steps }) => steps.map((step) => step.removedCount))).toEqual(Array(10).fill(0));
  expect(growing[0]?.sentence).toMatch(
    /^Map "sessions" \(session-store\.cjs\) holds 1,800 of 1,800 Session, .* % of the heap with what they keep; also held by Object "cache" \(five-containers\.cjs\) and 360 "flush" listeners on Bus; \+600 since the previous snapshot, none removed\.$/,
  );
  expect(heapBytes).toHaveLength(3);
});

test('needs at least two snapshots, and finds nothing between a snapshot and itself', async () => {
  const path = unpackFixture(24, folder.path);
  await expect(diffSnapshots([path])).rejects.toMatchObject({ code: 'ERR_SNAPSHOT_OPTION' });
  expect((await diffSnapshots([path, path])).growing).toEqual([]);
});
