import { formatBytes } from '@plimsoll/memory';
import type { GuardLog } from '../log/guard-log.ts';
import type { IsolateRow } from './isolate-words.ts';
import { threadSubject } from './thread-identity.ts';

/** From this share of the container on a worker's own limit can only be met after the kernel's. */
const roomRatio = 0.8;
/** Workers are looked at this often until there was something to say. */
const everyMs = 1000;

/** Says once in a life that a worker may grow beyond the container: no `resourceLimits`, or some that do not fit. The worker is left alone. */
export class IsolateRoom {
  readonly #log: GuardLog;
  readonly #rows: () => readonly IsolateRow[];
  #isTold = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: GuardLog, rows: () => readonly IsolateRow[]) {
    this.#log = log;
    this.#rows = rows;
  }

  /** One tick; a few µs once a second. Never throws. */
  tick(monotonicMs: number, limitBytes: number): void {
    if (this.#isTold || monotonicMs - this.#lookedAtMs < everyMs) return;
    this.#lookedAtMs = monotonicMs;
    const worker = this.#rows().find(({ heapLimitBytes }) => heapLimitBytes > limitBytes * roomRatio);
    if (worker === undefined) return;
    this.#isTold = true;
    const { threadId, file, heapLimitBytes } = worker;
    this.#log.write(
      'degraded',
      `${threadSubject({ threadId, file })} may grow to ${formatBytes(heapLimitBytes)} in a container of ${formatBytes(limitBytes)}: the kernel comes first. ` +
        'Give workers resourceLimits from sizeWorker(plan), and state them in PLIMSOLL_WORKERS and PLIMSOLL_WORKER_HEAP.',
      { threadId, heapLimitBytes, limitBytes },
    );
  }
}
