import { dirname } from 'node:path';
import {
  formatBytes,
  type GroupProcess,
  type MemoryLimit,
  type MemorySample,
  readGroupProcesses,
} from '@plimsoll/memory';

/** A process that shares this one's limit. */
export interface NeighbourRow extends GroupProcess {
  /** What it has grown by since `sinceMs` before. */
  readonly growthBytes: number;
}

/** What the other processes of the group hold and how they grow. */
export interface NeighbourReport {
  /** The largest first, at most 8. */
  readonly rows: readonly NeighbourRow[];
  /** Growth is measured over so many milliseconds. */
  readonly sinceMs: number;
  /** `Another process of this cgroup grows: pid 4711 (node) …`; undefined unless it is one of them, and not this process, that fills the group. */
  readonly sentence: string | undefined;
}

interface Reading {
  readonly monotonicMs: number;
  readonly workingSetBytes: number;
  readonly bytesByPid: ReadonlyMap<number, number>;
}

/** The neighbours are read this often, and more often once half of the limit is in use. */
const calmEveryMs = 30_000;
const busyEveryMs = 2000;
const busyRatio = 0.5;
/** Growth is measured against the oldest of so many readings. */
const keptCount = 20;
/** A report that is asked for again so soon is the same. */
const freshMs = 500;
/** A neighbour fills the group when it has brought so much of what was added to it, … */
const growthShare = 0.5;
/** … at least so much of the limit, … */
const leastGrowthRatio = 0.04;
/** … and so many times as much as this process. */
const beyondOwnFactor = 2;
const rowsShown = 8;

/** Follows the other processes of the control group, so that the death by a neighbour is not told as one's own. */
export class NeighbourWatch {
  readonly #groupPath: string | undefined;
  readonly #readings: Reading[] = [];
  #report: NeighbourReport | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  /** Without a control group there are no neighbours: the rest of a machine shares no limit. */
  constructor({ source, origin }: Pick<MemoryLimit, 'source' | 'origin'>) {
    this.#groupPath = source.startsWith('cgroup') ? dirname(origin) : undefined;
  }

  /** One tick: nothing on most of them, 0.1 ms on the others. Never throws. */
  tick({ monotonicMs, workingSetBytes, limitBytes }: MemorySample): void {
    if (this.#groupPath === undefined) return;
    const everyMs = workingSetBytes > limitBytes * busyRatio ? busyEveryMs : calmEveryMs;
    const last = this.#readings.at(-1);
    if (last !== undefined && monotonicMs - last.monotonicMs < everyMs) return;
    const processes = readGroupProcesses(this.#groupPath);
    const bytesByPid = new Map(processes.map(({ pid, anonymousBytes }) => [pid, anonymousBytes]));
    this.#readings.push({ monotonicMs, workingSetBytes, bytesByPid });
    // The second oldest goes: the first reading of a life shows a slow growth, the others a recent one.
    if (this.#readings.length > keptCount) this.#readings.splice(1, 1);
  }

  /** Who is there now; undefined where this process is alone. Never throws. */
  report(sample: MemorySample): NeighbourReport | undefined {
    if (this.#groupPath === undefined) return undefined;
    if (sample.monotonicMs - this.#reportedAtMs < freshMs) return this.#report;
    this.#reportedAtMs = sample.monotonicMs;
    const processes = readGroupProcesses(this.#groupPath);
    // What has grown of late first: a service grows while it starts, and is not to blame for that hours later.
    const [first, second] = this.#readings;
    const recent = second === undefined ? undefined : compare(processes, sample, second);
    this.#report = recent?.sentence === undefined ? compare(processes, sample, first) : recent;
    return this.#report;
  }
}

function compare(
  processes: readonly GroupProcess[],
  { monotonicMs, workingSetBytes, limitBytes }: MemorySample,
  base: Reading | undefined,
): NeighbourReport | undefined {
  const sinceMs = base === undefined ? 0 : Math.round(monotonicMs - base.monotonicMs);
  const all = processes.map((entry): NeighbourRow => {
    const growthBytes = base === undefined ? 0 : entry.anonymousBytes - (base.bytesByPid.get(entry.pid) ?? 0);
    return { ...entry, growthBytes };
  });
  const rows = all
    .filter(({ pid }) => pid !== process.pid)
    .sort((a, b) => b.anonymousBytes - a.anonymousBytes);
  if (rows.length === 0) return undefined;
  const ownGrowthBytes = all.find(({ pid }) => pid === process.pid)?.growthBytes ?? 0;
  const addedBytes = workingSetBytes - (base?.workingSetBytes ?? workingSetBytes);
  const [grower] = [...rows].sort((a, b) => b.growthBytes - a.growthBytes);
  const isElsewhere =
    grower !== undefined &&
    grower.growthBytes >= limitBytes * leastGrowthRatio &&
    grower.growthBytes >= addedBytes * growthShare &&
    grower.growthBytes > ownGrowthBytes * beyondOwnFactor;
  return {
    rows: rows.slice(0, rowsShown),
    sinceMs,
    sentence: isElsewhere ? sentenceOf(grower, sinceMs) : undefined,
  };
}

function sentenceOf({ pid, name, anonymousBytes, growthBytes }: NeighbourRow, sinceMs: number): string {
  const seconds = Math.max(1, Math.round(sinceMs / 1000));
  return `Another process of this cgroup grows: pid ${pid} (${name}) by ${formatBytes(growthBytes)} in ${seconds} s to ${formatBytes(anonymousBytes)}.`;
}
