import { journal, mib } from '@plimsoll/memory';
import { InFlightFile } from './in-flight-file.ts';
import type { InFlightReport } from './in-flight-request.ts';
import { InFlightRequests } from './in-flight-requests.ts';

/** A body of this share of the limit is written down as it begins: parsed, it takes several times as much, within one tick. */
const heavyRatio = 1 / 256;
const leastHeavyBytes: number = mib(0.25);
/** Two writings outside the ticks are at least this far apart. */
const leastGapMs = 20;
/** What clients have left is forgotten this often. */
const sweepEveryMs = 1000;

/** Follows the requests in flight and keeps them on disk: at every tick, and at once when a large body begins. */
export class InFlightKeeper {
  readonly #requests: InFlightRequests;
  #file: InFlightFile | undefined;
  #sweptAtMs = 0;
  #writtenAtMs = Number.NEGATIVE_INFINITY;

  /** `runPath` undefined keeps them in memory only. */
  constructor(limitBytes: number, runPath: string | undefined) {
    this.#file = runPath === undefined ? undefined : new InFlightFile(runPath);
    const heavyBytes = Math.max(leastHeavyBytes, limitBytes * heavyRatio);
    this.#requests = new InFlightRequests(heavyBytes, () => this.#heavyBegan());
  }

  /** The requests of this moment. */
  report(): InFlightReport {
    return this.#requests.report();
  }

  /** How many requests are being answered. */
  get count(): number {
    return this.#requests.count;
  }

  /** Stops the servers that have answered a request: no new connection, idle ones closed. Requests in flight go on. Never throws. */
  stopAccepting(): void {
    for (const server of this.#requests.servers) server.close(() => undefined);
  }

  /** One tick. Never throws. */
  tick(): void {
    const nowMs = performance.now();
    if (nowMs - this.#sweptAtMs >= sweepEveryMs) {
      this.#sweptAtMs = nowMs;
      this.#requests.sweep();
    }
    this.#write();
  }

  /** Never throws. */
  end(): void {
    this.#requests[Symbol.dispose]();
    this.#file?.close();
    this.#file = undefined;
  }

  /** Written twice: before the service sees the request, and once its route is known, before its body can be there. */
  #heavyBegan(): void {
    if (performance.now() - this.#writtenAtMs < leastGapMs) return;
    this.#write();
    setImmediate(() => this.#write()).unref();
  }

  #write(): void {
    if (this.#file === undefined) return;
    this.#writtenAtMs = performance.now();
    try {
      this.#file.write(this.#requests.report());
    } catch (error) {
      // A disk that is full or gone: the requests are still known to the living process.
      this.#file = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      journal().write('guard', 'requests-not-kept', { reason });
    }
  }
}
