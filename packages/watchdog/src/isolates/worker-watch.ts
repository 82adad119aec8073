import { getHeapStatistics } from 'node:v8';
import { openInspector, runBesideNearLimit, startAllocationSampling } from '@plimsoll/inspect';
import {
  formatBytes,
  type MemoryLimit,
  type MemoryMonitor,
  type MemorySample,
  type MemoryTrend,
  oldSpaceLimitBytes,
  type PressureLevel,
  startMemoryMonitor,
} from '@plimsoll/memory';
import { describeProcess } from '../guard/guard-folders.ts';
import type { CaptureOutcome } from '../guard/guard.ts';
import { GuardPart } from '../guard/guard-part.ts';
import { ladderTermsOf } from '../guard/ladder-terms.ts';
import { tickFor } from '../guard/tick-interval.ts';
import { HeapLimitGuard } from '../heap-limit/heap-limit-guard.ts';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import { IncidentStore } from '../incident/incident-store.ts';
import type { Danger } from '../ladder/danger.ts';
import { Ladder } from '../ladder/ladder.ts';
import { GuardLog } from '../log/guard-log.ts';
import { newBootId, type ProcessIdentity } from '../run/process-identity.ts';
import { identifyThread } from './thread-identity.ts';
import { IsolateEnds } from './isolate-ends.ts';
import { WorkerReader } from './worker-reader.ts';
import { offerWorkerTerms, type WorkerTerms } from './worker-terms.ts';

/** A worker's heap is in danger from this share of its limit after collection, whatever the process has left. */
const criticalRatio = 0.9;
const terminalRatio = 0.97;

/**
 * The part of the guard that lives in a worker: it watches the heap of its own isolate, and files the evidence of it, profile and autopsy, while it still can. What the process
 * has left, its socket, its timeline and its captures are the main thread's.
 */
export class WorkerWatch extends GuardPart {
  readonly limit: MemoryLimit;
  readonly plan = undefined;
  readonly #terms: WorkerTerms;
  readonly #thread = identifyThread();
  readonly #slot: number | undefined;
  readonly #oldSpaceBytes = oldSpaceLimitBytes(getHeapStatistics().heap_size_limit);
  readonly #monitor: MemoryMonitor;
  readonly #reader: WorkerReader;
  readonly #heapLimit: HeapLimitGuard;
  readonly #subscriptions: readonly Disposable[];

  constructor(terms: WorkerTerms) {
    super();
    const { words, config, limit } = terms;
    this.#terms = terms;
    this.limit = limit;
    this.#slot = words.claim(this.#thread.threadId, this.#thread.file, terms.parentThreadId);
    if (openInspector().available) startAllocationSampling();
    const log = new GuardLog(config.log, 2, this.#thread);
    this.#reader = new WorkerReader(words, limit);
    this.#monitor = startMemoryMonitor({
      reader: this.#reader,
      tickMs: tickFor(this.#oldSpaceBytes),
      limit,
      thresholds: config,
    });
    this.ladder = this.#makeLadder(log);
    this.#heapLimit = new HeapLimitGuard({
      config,
      log,
      ladder: this.ladder,
      ballast: undefined,
      thread: this.#thread,
      look: () => this.#moment(this.#reader.read()),
      keepLast: () => {
        if (this.#slot !== undefined) words.setSpoken(this.#slot);
      },
      requests: () => undefined,
      grow: undefined,
    });
    // Its own workers share the slots of the process; only the thread that has started one hears how it ends.
    const offered = { ...terms, parentThreadId: this.#thread.threadId };
    offerWorkerTerms(offered);
    this.#subscriptions = [
      this.#monitor.onSample((sample) => this.#tick(sample)),
      new IsolateEnds(offered, log),
    ];
    this.endWithThread();
    this.#monitor.sampleNow();
  }

  protected override captureWith(ladder: Ladder, reason: string): CaptureOutcome {
    return ladder.capture(reason, this.#moment(this.#monitor.sampleNow()));
  }

  #makeLadder(log: GuardLog): Ladder | undefined {
    const { config, storeDir, identity, limit, words, timelinePath } = this.#terms;
    if (storeDir === undefined) {
      this.offReasons.push('Incidents are off in this process.');
      return undefined;
    }
    try {
      const store = new IncidentStore({
        dir: storeDir,
        quotaBytes: config.incidentQuotaBytes,
        maxCount: config.incidentCount,
        maxAgeMs: config.incidentAgeMs,
      });
      // Two workers of one process may open theirs in the same second.
      const own: ProcessIdentity = { ...identity, bootId: newBootId() };
      return new Ladder({
        ...ladderTermsOf(config, limit, undefined),
        store,
        log,
        identity: own,
        process: describeProcess(own, this.#thread),
        thread: this.#thread,
        timelinePath,
        // Only its own heap opens an incident of a worker: what else fills the container is the main thread's to judge.
        bounds: { triggerRatio: Number.POSITIVE_INFINITY, triggerBytes: null },
        admits: () => words.admitIncident(config.cooldownMs),
        reservedBytes: () => words.process().heapGrowthLeftBytes,
      });
    } catch (error) {
      this.offReasons.push(`Incidents are off: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** What this worker is in, whatever else goes on in the process: its own heap alone. */
  #moment(sample: MemorySample): EpisodeMoment {
    const trend = this.#monitor.trend();
    const { offHeap } = trend;
    const ownTrend: MemoryTrend = {
      ...trend,
      offHeap: { ...offHeap, verdict: 'unknown', timeToLimitMs: Number.POSITIVE_INFINITY },
    };
    return { sample, trend: ownTrend, level: this.#level(trend.floorBytes), isHeapContained: true };
  }

  #level(floorBytes: number): PressureLevel {
    const usedRatio = floorBytes / this.#oldSpaceBytes;
    if (usedRatio >= terminalRatio) return 'terminal';
    return usedRatio >= criticalRatio ? 'critical' : 'normal';
  }

  #tick(sample: MemorySample): void {
    if (!this.active) return;
    const { words } = this.#terms;
    const { heapUsedBytes, heapCommittedBytes } = sample;
    const moment = this.#moment(sample);
    runBesideNearLimit(() => {
      this.#heapLimit.tick(moment);
      this.ladder?.tick(moment);
    });
    if (this.#slot === undefined) return;
    words.write(this.#slot, heapUsedBytes, heapCommittedBytes, this.#oldSpaceBytes);
    // The process is in deep danger, whatever this heap may still grow to.
    if (words.takeAsked(this.#slot)) this.ladder?.raise(askedFor(sample), { ...moment, level: 'critical' });
  }

  protected override close(): void {
    offerWorkerTerms(undefined);
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#heapLimit.end();
    this.ladder?.end(this.#moment(this.#reader.read()));
    this.#monitor[Symbol.dispose]();
    this.#terms.words.release(this.#thread.threadId);
  }
}

/** The main thread has found that the process runs out of memory and this heap is the largest. */
function askedFor({ workingSetBytes, limitBytes, heapUsedBytes }: MemorySample): Danger {
  return {
    trigger: 'off-heap',
    sentence: `The process uses ${formatBytes(workingSetBytes)} of ${formatBytes(limitBytes)}, and of all its heaps this one is the largest, ${formatBytes(heapUsedBytes)}.`,
  };
}
