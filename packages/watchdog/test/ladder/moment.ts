import { type MemoryTrend, mib, type SeriesTrend } from '@plimsoll/memory';
import type { EpisodeMoment } from '../../src/incident/incident-episode.ts';
import { sampleOf } from '../sample.ts';

/** A series that is flat, with `members` changed. */
export function seriesOf(members: Partial<SeriesTrend> = {}): SeriesTrend {
  return {
    series: 'heap-floor',
    bytes: mib(50),
    slopeBytesPerSecond: 0,
    slopeLowBytesPerSecond: 0,
    slopeHighBytesPerSecond: 0,
    timeToLimitMs: Number.POSITIVE_INFINITY,
    verdict: 'flat',
    pointCount: 10,
    spanMs: 60_000,
    lastPointMs: Number.NEGATIVE_INFINITY,
    ...members,
  };
}

/** A trend with nothing growing but what `members` says. */
export function trendOf(members: Partial<MemoryTrend> = {}): MemoryTrend {
  return {
    ...seriesOf(),
    floorBytes: mib(50),
    majorCollectionCount: 5,
    heapFloor: seriesOf(),
    workingSet: seriesOf({ series: 'working-set' }),
    offHeap: seriesOf({ series: 'off-heap' }),
    ...members,
  };
}

/** A calm moment of a 256 MiB container with `members` changed. */
export function momentOf(members: Partial<EpisodeMoment> = {}): EpisodeMoment {
  return { sample: sampleOf(), trend: trendOf(), level: 'normal', isHeapContained: true, ...members };
}
