import type { Census } from './census.ts';
import { earlierClasses, earlierContainers } from './census-growth.ts';
import type { ClassCount } from './class-tally.ts';
import { containerFinding } from './finding.ts';
import { SourceTexts } from './source-text.ts';

/** What has come since the census before; absent in the first, and for what that one did not list. */
export interface CensusGrowth {
  readonly growthCount?: number;
  readonly growthBytes?: number;
}

/** A container of a census, as it is written down: names of source code, counts and sizes. */
export interface CensusEntry extends CensusGrowth {
  /** The way from the variable: `tenants[<key 1 of 50>].handlers`. */
  readonly path: string;
  readonly file: string;
  /** From 1; 0 when not known. */
  readonly line: number;
  readonly column: number;
  readonly kind: string;
  readonly count: number;
  /** Estimated, in the heap and beside it. */
  readonly bytes: number;
}

/** A class, or the functions of one place of the source code, with their number in what the containers hold. */
export type CensusClass = ClassCount & CensusGrowth;

/** A census as it is written to `census.json`. */
export interface CensusReport {
  readonly schemaVersion: 1;
  readonly atMs: number;
  /** Why it was taken: a share of the heap limit, arming. */
  readonly reason: string;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly tookMs: number;
  /** True when a bound ended the walk before it had seen everything that can be reached. */
  readonly isCutShort: boolean;
  /** Largest first, at most 50. */
  readonly containers: readonly CensusEntry[];
  /** Most bytes first, at most 50; estimated from some entries of each container. */
  readonly classes: readonly CensusClass[];
}

const CONTAINERS_REPORTED = 50;
const CLASSES_REPORTED = 50;
/** Fewer objects of a class are no news. */
const LEAST_OBJECTS = 10;

/** What censuses may say to anybody, oldest first: no keys, no values. Each with its growth since the one before. */
export function reportCensuses(censuses: readonly Census[]): CensusReport[] {
  const texts = new SourceTexts();
  return censuses.map((census, index) => report(census, censuses[index - 1], texts));
}

function report(census: Census, before: Census | undefined, texts: SourceTexts): CensusReport {
  const { atMs, reason, heapUsedBytes, externalBytes, tookMs, isCutShort } = census;
  const containerBefore = earlierContainers(before?.containers ?? []);
  const containers = census.containers.slice(0, CONTAINERS_REPORTED).map((container): CensusEntry => {
    const bytes = container.heapBytes + container.externalBytes;
    const weighed = { container, bytes, growthBytes: undefined, growthCount: undefined };
    const { path, file, line, column, count } = containerFinding(weighed, 0, texts, undefined);
    const earlier = containerBefore(container);
    const earlierBytes = earlier === undefined ? 0 : earlier.heapBytes + earlier.externalBytes;
    const growth = growthSince(count, bytes, earlier && { count: earlier.count, bytes: earlierBytes });
    return { path, file, line, column, kind: container.kind, count, bytes, ...growth };
  });
  const classes = reportClasses(census.classes, before?.classes, CLASSES_REPORTED);
  return {
    schemaVersion: 1,
    atMs,
    reason,
    heapUsedBytes,
    externalBytes,
    tookMs,
    isCutShort,
    containers,
    classes,
  };
}

/** The first `shownCount` classes of a census with their growth since the one before. */
export function reportClasses(
  classes: readonly ClassCount[],
  before: readonly ClassCount[] | undefined,
  shownCount: number,
): CensusClass[] {
  const earlierOf = earlierClasses(before ?? []);
  return classes
    .filter(({ count }) => count >= LEAST_OBJECTS)
    .slice(0, shownCount)
    .map((counted) => ({ ...counted, ...growthSince(counted.count, counted.bytes, earlierOf(counted)) }));
}

function growthSince(
  count: number,
  bytes: number,
  earlier: { readonly count: number; readonly bytes: number } | undefined,
): CensusGrowth {
  return earlier === undefined
    ? {}
    : { growthCount: count - earlier.count, growthBytes: bytes - earlier.bytes };
}
