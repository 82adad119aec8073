import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { locateCgroup } from '../limits/cgroup-location.ts';
import { collectResourceLimits, collectRuntimeLimit } from '../limits/host-limits.ts';
import type { LimitCandidate, MemoryLimit, ResolveMemoryLimitOptions } from '../limits/memory-limit.ts';
import { resolveMemoryLimit } from '../limits/resolve-limit.ts';
import { CgroupGauge } from './cgroup-gauge.ts';
import { HostGauge } from './host-gauge.ts';
import { emptyFileCopy, KernelFile } from './kernel-file.ts';
import type { KernelCounters, MemorySample } from './memory-sample.ts';
import { ProcessGauge } from './process-gauge.ts';
import { workerHeapBytes } from './worker-heaps.ts';

/** How often a reader looks for what hardly ever changes: a process moved to another group, a limit on a parent that cannot be seen. */
const CHECK_MS = 1000;

/** Reads memory as often as wanted: its files stay open. */
export interface MemoryReader extends Disposable {
  /** One sample, now. Never throws; ≤ 60 µs. */
  read(): MemorySample;
  /** The limit with its origin and every candidate, looked up anew (about 1 ms): for people and plans, not for the tick. */
  limit(): MemoryLimit;
}

/**
 * Opens a reader. A limit that is raised or lowered is seen at the next {@link MemoryReader.read}, a process that is moved to another control group
 * within a second.
 * Never throws; what cannot be read is left out, and {@link MemoryReader.limit} says so in its notes.
 */
export function openMemoryReader(options: ResolveMemoryLimitOptions = {}): MemoryReader {
  return new KernelMemoryReader(options);
}

class KernelMemoryReader implements MemoryReader {
  readonly #options: ResolveMemoryLimitOptions;
  readonly #root: string;
  readonly #overrideBytes: number;
  readonly #process: ProcessGauge;
  readonly #host: HostGauge;
  readonly #ownPath: KernelFile | undefined;
  readonly #ownPathCopy = emptyFileCopy();
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #isCheckDue = true;
  #addressSpaceLimitBytes = Number.POSITIVE_INFINITY;
  #dataLimitBytes = Number.POSITIVE_INFINITY;
  #runtimeLimitBytes = Number.POSITIVE_INFINITY;
  /** Own group first, both hierarchies of a hybrid system. */
  #groups: CgroupGauge[] = [];
  #v1OwnIndex = -1;
  #v1TopIndex = -1;
  // The tightest level of the reading in progress.
  #limitBytes = 0;
  #workingSetBytes = 0;

  constructor(options: ResolveMemoryLimitOptions) {
    this.#options = options;
    this.#root = options.root ?? '/';
    this.#overrideBytes = options.overrideBytes ?? Number.POSITIVE_INFINITY;
    this.#process = new ProcessGauge(this.#root);
    this.#host = new HostGauge(this.#root);
    this.#ownPath = KernelFile.open(join(this.#root, '/proc/self/cgroup'));
    // The first reading must not take the group it is in for a new one.
    this.#hasMoved(performance.now());
    this.#checkedAtMs = Number.NEGATIVE_INFINITY;
    this.#openGroups();
  }

  #openGroups(): void {
    for (const group of this.#groups) group.close();
    const { levels, known } = locateCgroup(this.#root, 'memory');
    this.#groups = levels.map(
      (level, index) => new CgroupGauge(this.#root, level, level.version !== levels[index - 1]?.version),
    );
    this.#v1OwnIndex = levels.findIndex(({ version }) => version === 1);
    this.#v1TopIndex = levels.findLastIndex(({ version }) => version === 1);
    const candidates: LimitCandidate[] = [];
    collectResourceLimits(this.#root, candidates, []);
    if (!known) collectRuntimeLimit(this.#root, candidates, []);
    for (const candidate of candidates) {
      if (candidate.kind === 'address-space') this.#addressSpaceLimitBytes = candidate.limitBytes;
      if (candidate.kind === 'data') this.#dataLimitBytes = candidate.limitBytes;
      if (candidate.source === 'runtime') this.#runtimeLimitBytes = candidate.limitBytes;
    }
  }

  limit(): MemoryLimit {
    return resolveMemoryLimit(this.#options);
  }

  read(): MemorySample {
    const heap = getHeapStatistics();
    const usage = process.memoryUsage();
    const gauge = this.#process;
    gauge.refresh(usage.rss);
    const monotonicMs = performance.now();
    if (this.#hasMoved(monotonicMs)) this.#openGroups();
    if (!this.#refreshGroups()) {
      this.#openGroups();
      this.#refreshGroups();
    }
    const kernel = this.#countEvents();
    this.#findTightest();
    const workerBytes = workerHeapBytes();
    const workingSetBytes = this.#workingSetBytes;
    return {
      atMs: Date.now(),
      monotonicMs,
      limitBytes: this.#limitBytes,
      workingSetBytes,
      headroomBytes: this.#limitBytes - workingSetBytes,
      rssBytes: gauge.residentBytes,
      anonymousBytes: gauge.anonymousBytes,
      heapUsedBytes: heap.used_heap_size,
      heapCommittedBytes: heap.total_heap_size,
      heapLimitBytes: heap.heap_size_limit,
      externalBytes: usage.external,
      arrayBuffersBytes: usage.arrayBuffers,
      workerHeapBytes: workerBytes,
      otherNativeBytes: Math.max(
        0,
        gauge.anonymousBytes - heap.total_heap_size - usage.external - workerBytes,
      ),
      otherProcessesBytes: Math.max(0, workingSetBytes - gauge.residentBytes),
      kernel,
    };
  }

  /** Looked at once a second: the kernel needs 15 µs for it when its caches are cold, and nobody is moved ten times a second. */
  #hasMoved(nowMs: number): boolean {
    this.#isCheckDue = nowMs - this.#checkedAtMs >= CHECK_MS;
    if (!this.#isCheckDue) return false;
    this.#checkedAtMs = nowMs;
    return this.#ownPath?.refresh() === true && this.#ownPath.differsFrom(this.#ownPathCopy);
  }

  /** False when a group has vanished under its open files. */
  #refreshGroups(): boolean {
    for (const group of this.#groups) if (!group.refresh()) return false;
    return true;
  }

  #countEvents(): KernelCounters {
    let limitHitCount = 0;
    let highHitCount = 0;
    let oomKillCount = 0;
    let stalledRatio = Number.NaN;
    for (const group of this.#groups) {
      limitHitCount += group.limitHitCount;
      highHitCount += group.highHitCount;
      // Counts of a v2 parent include its children's, so that the largest is the count of the whole path.
      oomKillCount = Math.max(oomKillCount, group.oomKillCount);
      if (!Number.isNaN(group.stalledRatio)) stalledRatio = group.stalledRatio;
    }
    return { limitHitCount, highHitCount, oomKillCount, stalledRatio };
  }

  /** The level with the least headroom; the machine only when nothing tighter limits the process. */
  #findTightest(): void {
    const { residentBytes, addressSpaceBytes, dataBytes } = this.#process;
    this.#limitBytes = Number.POSITIVE_INFINITY;
    this.#workingSetBytes = 0;
    for (const group of this.#groups) {
      if (group.limitBytes === Number.POSITIVE_INFINITY) continue;
      group.refreshWorkingSet();
      this.#consider(group.limitBytes, group.workingSetBytes);
    }
    this.#considerHiddenParent();
    // What the user states is stated for this process: the group may hold others that have nothing to do with it.
    this.#consider(Math.min(this.#overrideBytes, this.#runtimeLimitBytes), residentBytes);
    this.#consider(this.#addressSpaceLimitBytes, addressSpaceBytes);
    this.#consider(this.#dataLimitBytes, dataBytes);
    if (this.#limitBytes < this.#host.limitBytes) return;
    this.#host.refresh();
    const { limitBytes, workingSetBytes } = this.#host;
    this.#limitBytes = limitBytes;
    this.#workingSetBytes = Number.isNaN(workingSetBytes) ? residentBytes : workingSetBytes;
  }

  #consider(limitBytes: number, workingSetBytes: number): void {
    if (limitBytes === Number.POSITIVE_INFINITY) return;
    const isFirst = this.#limitBytes === Number.POSITIVE_INFINITY;
    if (!isFirst && limitBytes - workingSetBytes >= this.#limitBytes - this.#workingSetBytes) return;
    this.#limitBytes = limitBytes;
    this.#workingSetBytes = workingSetBytes;
  }

  /** v1 tells the limit of a parent above the namespace, not what it uses: the topmost visible group stands for it. */
  #considerHiddenParent(): void {
    const own = this.#groups[this.#v1OwnIndex];
    const top = this.#groups[this.#v1TopIndex];
    if (own === undefined || top === undefined) return;
    if (own.limitBytes === Number.POSITIVE_INFINITY) {
      const isUnlimited = own.hierarchicalLimitBytes === Number.POSITIVE_INFINITY;
      // memory.stat is the dearest file: where it told of no parent, it is asked again once a second.
      if (isUnlimited && !this.#isCheckDue) return;
      own.refreshWorkingSet();
    }
    const hiddenBytes = own.hierarchicalLimitBytes;
    for (let index = this.#v1OwnIndex; index <= this.#v1TopIndex; index += 1) {
      if ((this.#groups[index]?.limitBytes ?? 0) <= hiddenBytes) return;
    }
    if (top !== own && top.limitBytes === Number.POSITIVE_INFINITY) top.refreshWorkingSet();
    this.#consider(hiddenBytes, top.workingSetBytes);
  }

  [Symbol.dispose](): void {
    for (const group of this.#groups) group.close();
    this.#groups = [];
    this.#process.close();
    this.#host.close();
    this.#ownPath?.close();
  }
}
