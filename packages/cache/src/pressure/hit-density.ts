const windowMs = 10_000;
const bytesPerMib = 1024 * 1024;

/**
 * How much a cache's bytes are worth: hits per second per MiB, averaged over about ten seconds. {@link cost} puts it on the scale that holders are asked by:
 * 0 for a cache nobody reads, 1 at one hit a second per MiB, up to 2.
 */
export class HitDensity {
  #hits = 0;
  #atMs: number;
  #hitsPerSecond = 0;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** The worth now, 0..2. */
  cost(hits: number, bytes: number, nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs;
    if (elapsedMs >= 100) {
      const keptRatio = Math.exp(-elapsedMs / windowMs);
      const rate = ((hits - this.#hits) * 1_000) / elapsedMs;
      this.#hitsPerSecond = this.#hitsPerSecond * keptRatio + rate * (1 - keptRatio);
      this.#hits = hits;
      this.#atMs = nowMs;
    }
    const density = this.#hitsPerSecond / Math.max(bytes / bytesPerMib, 1e-6);
    return (2 * density) / (1 + density);
  }
}
