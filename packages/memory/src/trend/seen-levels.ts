/** Length of a bucket and how many are kept: 26 hours, so that yesterday's peak excuses today's. */
const BUCKET_MS = 15 * 60_000;
const BUCKET_COUNT = 104;

/** What a service loads while it starts is no level it comes back to. */
const START_UP_MS = 10 * 60_000;

/** The highest value of a series in each quarter of an hour of the last 26 hours: how high it may rise and come down again by itself. */
export class SeenLevels {
  readonly #startsMs = new Float64Array(BUCKET_COUNT);
  readonly #highest = new Float64Array(BUCKET_COUNT);
  #bucketCount = 0;
  #firstMs = Number.NaN;

  observe(atMs: number, bytes: number): void {
    if (Number.isNaN(this.#firstMs)) this.#firstMs = atMs;
    if (atMs - this.#firstMs < START_UP_MS) return;
    const last = (this.#bucketCount - 1) % BUCKET_COUNT;
    if (this.#bucketCount > 0 && atMs - (this.#startsMs[last] ?? 0) < BUCKET_MS) {
      this.#highest[last] = Math.max(this.#highest[last] ?? 0, bytes);
      return;
    }
    const next = this.#bucketCount % BUCKET_COUNT;
    this.#startsMs[next] = atMs;
    this.#highest[next] = bytes;
    this.#bucketCount += 1;
  }

  /** The highest value in buckets that ended before `atMs`; −Infinity when there is none. */
  highestBefore(atMs: number): number {
    let highest = Number.NEGATIVE_INFINITY;
    const count = Math.min(this.#bucketCount, BUCKET_COUNT);
    for (let index = 0; index < count; index += 1) {
      if ((this.#startsMs[index] ?? 0) + BUCKET_MS > atMs) continue;
      highest = Math.max(highest, this.#highest[index] ?? 0);
    }
    return highest;
  }
}
