import type { Census } from './census.ts';
import { containerFinding } from './finding.ts';
import { SourceTexts } from './source-text.ts';

/** A container of a census, as it is written down: names of source code, counts and sizes. */
export interface CensusEntry {
  /** The way from the variable: `tenants[<key 1 of 50>].handlers`. */
  readonly path: string;
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly count: number;
  /** Estimated, in the heap and beside it. */
  readonly bytes: number;
}

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
}

const CONTAINERS_REPORTED = 50;

/** What a census may say to anybody: no keys, no values. */
export function reportCensus(census: Census): CensusReport {
  const { atMs, reason, heapUsedBytes, externalBytes, tookMs, isCutShort } = census;
  const texts = new SourceTexts();
  const containers = census.containers.slice(0, CONTAINERS_REPORTED).map((container): CensusEntry => {
    const bytes = container.heapBytes + container.externalBytes;
    const weighed = { container, bytes, growthBytes: undefined, growthCount: undefined };
    const { path, file, line, count } = containerFinding(weighed, 0, texts, undefined);
    return { path, file, line, kind: container.kind, count, bytes };
  });
  return { schemaVersion: 1, atMs, reason, heapUsedBytes, externalBytes, tookMs, isCutShort, containers };
}
