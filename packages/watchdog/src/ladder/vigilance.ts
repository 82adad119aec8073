import type { DeathRecord } from '../deaths/death-log.ts';

/** From when on growth counts. */
export interface Vigilance {
  /** A leak that reaches the limit within this opens an incident. */
  readonly horizonMs: number;
  /** Growth seen for less than this may be a service that starts: it counts only once much is in use. */
  readonly settledMs: number;
  /** Much is in use: from this share of the limit, or of the heap V8 may use, growth and levels count at once. */
  readonly materialRatio: number;
  /** What may be foretold, as a multiple of the time growth has been seen: a warm-up is as fast as a leak at first. */
  readonly foresightRatio: number;
  /** From this age of the process on a small leak is worth a heap snapshot: until then the filling of a cache is as steady as a leak. */
  readonly snapshotAfterMs: number;
}

/** Of a service nothing is held against: time for two captures and a person. */
export const usualVigilance: Vigilance = Object.freeze({
  horizonMs: 600_000,
  settledMs: 30_000,
  materialRatio: 0.5,
  foresightRatio: 1.5,
  snapshotAfterMs: 1_800_000,
});

/** After a death of memory: the same death comes again, so that what grows is looked at hours before. */
export const waryVigilance: Vigilance = Object.freeze({
  horizonMs: 4 * 3_600_000,
  settledMs: 15_000,
  materialRatio: 0.3,
  foresightRatio: Number.POSITIVE_INFINITY,
  snapshotAfterMs: 30_000,
});

/** A death longer ago than this says nothing of today's release. */
const rememberedMs = 24 * 3_600_000;
/** The next life looks at four fifths of the depth at which the last was seen alive… */
const soonerRatio = 0.8;
/** …and never at less than this: any service in its first minute. */
const leastTriggerRatio = 0.4;

/** What the deaths on record change for the life that begins. */
export interface Caution {
  readonly vigilance: Vigilance;
  /** Share of the limit at which an incident opens: the configured one or less. */
  readonly triggerRatio: number;
  /** Deaths of memory of this host in the last day. */
  readonly memoryDeathCount: number;
  /** One of them came between two ticks: only a thread of its own can see the next. */
  readonly wantsSentinel: boolean;
}

/** How careful the next life is. Deaths that were not of memory change nothing. */
export function cautionAfter(
  deaths: readonly DeathRecord[],
  hostName: string,
  nowMs: number,
  triggerRatio: number,
): Caution {
  const recent = deaths.filter(
    (death) => death.isMemory && death.hostName === hostName && Math.abs(nowMs - death.atMs) <= rememberedMs,
  );
  const last = recent.at(-1);
  if (last === undefined)
    return { vigilance: usualVigilance, triggerRatio, memoryDeathCount: 0, wantsSentinel: false };
  const soonerTriggerRatio = Math.max(leastTriggerRatio, last.usedRatio * soonerRatio);
  return {
    vigilance: waryVigilance,
    triggerRatio: Math.min(triggerRatio, soonerTriggerRatio),
    memoryDeathCount: recent.length,
    wantsSentinel: recent.some(({ isUnseen }) => isUnseen === true),
  };
}
