import { formatBytes, journal, mib, type MemorySample, reclaim } from '@plimsoll/memory';
import type { Danger } from '../ladder/danger.ts';

/** So many refusals a second, each of them memory the kernel had to scrape together, are no page cache that comes and goes: 40,000 a second were measured just before a stop. */
const refusalsPerSecond = 2000;
/** Or all tasks of the group stood still for this share of the last 10 s (PSI, cgroup v2). */
const stalledRatio = 0.3;
/** Where more than this is left, the kernel takes page cache back and nobody suffers: files are read in any container. */
const leastHeadroomBytes: number = mib(24);
const headroomRatio = 0.1;
/** Two ticks closer together than this say nothing of a rate. */
const leastSpanMs = 20;

/** What it takes, for a person. */
export function livelockTerms({ limitBytes, kernel }: MemorySample): string {
  const refusals = (kernel.limitHitCount + kernel.highHitCount).toLocaleString('en-US');
  return (
    `The kernel has refused memory ${refusals} times so far; it takes ${refusalsPerSecond.toLocaleString('en-US')} a second, or ${stalledRatio * 100} % of the time stood still, ` +
    `with less than ${formatBytes(tightBytes(limitBytes))} left.`
  );
}

function tightBytes(limitBytes: number): number {
  return Math.max(leastHeadroomBytes, limitBytes * headroomRatio);
}

/** A container that gets stuck, at this tick. */
export interface Livelock extends Danger {
  readonly trigger: 'livelock';
  /** How long it has been getting stuck. */
  readonly sinceMs: number;
}

/**
 * The third death in a container: nothing is killed and nothing works. The kernel evicts the program's own pages and reads them back; on cgroup v1 it begins at about 12 MiB of headroom
 * and stops every thread of the process within a tick or two. What can be seen before are the kernel's refusals, rising by the thousands while little is left.
 */
export class LivelockWatch {
  #countBefore = Number.NaN;
  #atMs = 0;
  #sinceMs: number | undefined;

  /** One tick. What registered holders can spare is given back at once when it begins; undefined while all is well. Never throws. */
  tick(sample: MemorySample): Livelock | undefined {
    const { limitHitCount, highHitCount, stalledRatio: stalled } = sample.kernel;
    const count = limitHitCount + highHitCount;
    const spanMs = sample.monotonicMs - this.#atMs;
    if (spanMs < leastSpanMs) return undefined;
    const perSecond = Math.max(0, ((count - this.#countBefore) * 1000) / spanMs);
    this.#countBefore = count;
    this.#atMs = sample.monotonicMs;
    const isTight = sample.headroomBytes < tightBytes(sample.limitBytes);
    const isStuck = isTight && (perSecond >= refusalsPerSecond || stalled >= stalledRatio);
    if (!isStuck) {
      this.#sinceMs = undefined;
      return undefined;
    }
    if (this.#sinceMs === undefined) {
      this.#sinceMs = sample.monotonicMs;
      this.#shed(sample, perSecond);
    }
    return {
      trigger: 'livelock',
      sentence: livelockSentence(sample, perSecond),
      sinceMs: sample.monotonicMs - this.#sinceMs,
    };
  }

  /** Every page counts now: whatever can be loaded or computed again goes. */
  #shed({ headroomBytes, limitBytes, kernel }: MemorySample, perSecond: number): void {
    const { returnedBytes } = reclaim(Number.MAX_SAFE_INTEGER, 'livelock');
    journal().write('guard', 'livelock-begins', {
      refusalsPerSecond: Math.round(perSecond),
      stalledRatio: Number.isNaN(kernel.stalledRatio) ? null : kernel.stalledRatio,
      headroomBytes,
      limitBytes,
      returnedBytes,
    });
  }
}

/** `The container is getting stuck: the kernel refused memory 41,368 times a second with 15.1 MiB left of 256 MiB, while the heap stands at 4 MiB of 259 MiB.` */
function livelockSentence(sample: MemorySample, perSecond: number): string {
  const { stalledRatio: stalled } = sample.kernel;
  const stood =
    stalled >= stalledRatio ? ` and everything stood still ${Math.round(stalled * 100)} % of the time` : '';
  return (
    `The container is getting stuck: the kernel refused memory ${Math.round(perSecond).toLocaleString('en-US')} times a second${stood} ` +
    `with ${formatBytes(Math.max(0, sample.headroomBytes))} left of ${formatBytes(sample.limitBytes)}, while the heap stands at ${formatBytes(sample.heapUsedBytes)} of ${formatBytes(sample.heapLimitBytes)}.`
  );
}
