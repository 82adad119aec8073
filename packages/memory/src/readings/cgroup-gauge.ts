import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupLevel } from '../limits/cgroup-location.ts';
import { KernelFile, lineKey } from './kernel-file.ts';

const keys = {
  inactiveFile: lineKey('inactive_file '),
  totalInactiveFile: lineKey('total_inactive_file '),
  hierarchicalLimit: lineKey('hierarchical_memory_limit '),
  max: lineKey('max '),
  high: lineKey('high '),
  oomKill: lineKey('oom_kill '),
  fullAvg10: lineKey('full avg10='),
} as const;

/** One control group that is read again and again. Its numbers are fields, so that a reading allocates nothing. */
export class CgroupGauge {
  /** The tighter of what kills and what throttles; Infinity = none. */
  limitBytes = Number.POSITIVE_INFINITY;
  /** v1: the tightest limit on the whole path, seen or not. */
  hierarchicalLimitBytes = Number.POSITIVE_INFINITY;
  /** Usage − inactive file pages, of the group and everything below it; 0 before {@link refreshWorkingSet}. */
  workingSetBytes = 0;
  limitHitCount = 0;
  highHitCount = 0;
  oomKillCount = 0;
  stalledRatio = Number.NaN;
  readonly #isV2: boolean;
  readonly #isOwn: boolean;
  readonly #limit: KernelFile | undefined;
  readonly #high: KernelFile | undefined;
  readonly #usage: KernelFile | undefined;
  readonly #stat: KernelFile | undefined;
  readonly #hits: KernelFile | undefined;
  readonly #kills: KernelFile | undefined;
  readonly #stall: KernelFile | undefined;

  /** `isOwn` opens the files that matter only for the group the process itself is in. */
  constructor(root: string, level: CgroupLevel, isOwn: boolean) {
    const open = (name: string) => KernelFile.open(join(root, level.path, name));
    this.#isV2 = level.version === 2;
    this.#isOwn = isOwn;
    this.#stat = open('memory.stat');
    if (this.#isV2) {
      this.#limit = open('memory.max');
      this.#high = open('memory.high');
      this.#usage = open('memory.current');
      this.#hits = open('memory.events');
      // At the root of the hierarchy it tells of the whole machine; only the root has no cgroup.events.
      const isRoot = !existsSync(join(root, level.path, 'cgroup.events'));
      this.#stall = isOwn && !isRoot ? open('memory.pressure') : undefined;
    } else {
      this.#limit = open('memory.limit_in_bytes');
      this.#usage = open('memory.usage_in_bytes');
      this.#hits = open('memory.failcnt');
      this.#kills = isOwn ? open('memory.oom_control') : undefined;
    }
  }

  /** Reads limit and counters; false when the group is gone. */
  refresh(): boolean {
    this.limitBytes = Number.POSITIVE_INFINITY;
    if (this.#limit !== undefined) {
      if (!this.#limit.refresh()) return false;
      this.limitBytes = this.#limit.limitBytes();
    }
    if (this.#high?.refresh() === true) this.limitBytes = Math.min(this.limitBytes, this.#high.limitBytes());
    // A group without a limit refuses nothing; what the kernel killed is counted in the own group too.
    if (this.limitBytes === Number.POSITIVE_INFINITY && !this.#isOwn) return true;
    if (this.#isV2) this.#refreshEvents();
    else if (this.#hits?.refresh() === true) this.limitHitCount = orZero(this.#hits.integer());
    if (this.#kills?.refresh() === true) this.oomKillCount = orZero(this.#kills.number(keys.oomKill));
    if (this.#stall?.refresh() === true) this.stalledRatio = this.#stall.number(keys.fullAvg10) / 100;
    return true;
  }

  #refreshEvents(): void {
    if (this.#hits?.refresh() !== true) return;
    this.limitHitCount = orZero(this.#hits.number(keys.max));
    this.highHitCount = orZero(this.#hits.number(keys.high));
    this.oomKillCount = orZero(this.#hits.number(keys.oomKill));
  }

  /** Reads what the group uses; the dearer half of a reading, wanted only where a limit is. */
  refreshWorkingSet(): void {
    if (this.#usage?.refresh() !== true) return;
    const usageBytes = orZero(this.#usage.integer());
    let inactiveBytes = 0;
    if (this.#stat?.refresh() === true) {
      inactiveBytes = orZero(this.#stat.number(this.#isV2 ? keys.inactiveFile : keys.totalInactiveFile));
      const hierarchicalBytes = this.#isV2 ? Number.NaN : this.#stat.number(keys.hierarchicalLimit);
      this.hierarchicalLimitBytes =
        hierarchicalBytes < 2 ** 60 ? hierarchicalBytes : Number.POSITIVE_INFINITY;
    }
    this.workingSetBytes = Math.max(0, usageBytes - inactiveBytes);
  }

  close(): void {
    for (const file of [
      this.#limit,
      this.#high,
      this.#usage,
      this.#stat,
      this.#hits,
      this.#kills,
      this.#stall,
    ]) {
      file?.close();
    }
  }
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
