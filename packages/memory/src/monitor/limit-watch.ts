import { journal } from '../journal/journal.ts';
import type { MemoryLimit } from '../limits/memory-limit.ts';
import type { MemoryReader } from '../readings/memory-reader.ts';
import type { MemorySample } from '../readings/memory-sample.ts';

/** Two levels that take turns as the tightest one change the limit of a sample every tick; looking it up anew costs 0.3 ms. */
const LOOK_AGAIN_MS = 1000;

/** Journals the limit the process started under, and every later change of it. */
export class LimitWatch {
  readonly #reader: MemoryReader;
  #found: MemoryLimit | undefined;
  #sampleLimitBytes = Number.NaN;
  #limitBytes = Number.NaN;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  /** `found` is what the caller has just looked up, if he has. */
  constructor(reader: MemoryReader, found?: MemoryLimit) {
    this.#reader = reader;
    this.#found = found;
  }

  /** Never throws. */
  tick(sample: MemorySample): void {
    if (sample.limitBytes === this.#sampleLimitBytes) return;
    if (sample.monotonicMs - this.#lookedAtMs < LOOK_AGAIN_MS) return;
    this.#sampleLimitBytes = sample.limitBytes;
    this.#lookedAtMs = sample.monotonicMs;
    const { limitBytes, source, origin } = this.#found ?? this.#reader.limit();
    this.#found = undefined;
    if (limitBytes === this.#limitBytes) return;
    const event = Number.isNaN(this.#limitBytes) ? 'limit-found' : 'limit-changed';
    const previousLimitBytes = Number.isNaN(this.#limitBytes) ? null : this.#limitBytes;
    this.#limitBytes = limitBytes;
    journal().write('limit', event, { limitBytes, previousLimitBytes, source, origin });
  }
}
