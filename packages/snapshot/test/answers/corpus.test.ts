import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';

import { diffSnapshots, findSuspects, openSnapshot } from '../../src/index.ts';
import { temporaryFolder } from '../fixture.ts';
import { corpus } from '../scenarios/corpus.ts';
import { grow } from '../scenarios/grow.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe.each(corpus)('$program', ({ program, counts, expected }) => {
  const title =
    expected === undefined
      ? 'shows nothing growing and nothing suspect'
      : 'is named first, from one snapshot and from two';
  test(title, async () => {
    const paths = grow(program, counts, folder.path);
    const newest = paths[1] ?? '';
    using graph = await openSnapshot(newest);
    const suspects = findSuspects(graph).map((suspect) => suspect.sentence);
    const growing = (await diffSnapshots(paths)).growing.map((suspect) => suspect.sentence);
    if (expected === undefined) expect([suspects, growing]).toEqual([[], []]);
    else {
      expect(suspects[0]).toMatch(expected);
      expect(growing[0]).toMatch(expected);
    }
    for (const path of paths) rmSync(path);
  });
});
